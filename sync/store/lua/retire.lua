-- Somebody who leaves while Microsoft can't be told: what clearing does not need is erased now, and their tokens end
-- when what Microsoft may hold of us has ended by itself, whether anybody is there to erase them or not.
-- KEYS[1] person, KEYS[9] link, KEYS[10] tokens. ARGV: the lease of whoever asks ('' none).
-- Returns when the tokens end at the latest (ms), nil when nobody leaves (any more).
if redis.call('HEXISTS', KEYS[1], 'leaving') == 0 then return false end
redis.call('DEL', KEYS[9])
redis.call('HDEL', KEYS[1], 'obs', 'obs_at', 'got', 'answered', 'yielded', 'test', 'met', 'zoom', 'groups', 'style',
  'paused', 'asked', 'failed', 'failed_at')
local left = redis.call('PTTL', KEYS[10])
if left == -1 then -- else they were told already until when
  local ends = math.max(num(KEYS[1], 'until'), num(KEYS[1], 'pref_until'))
  local lease = redis.call('HGET', KEYS[1], 'lease')
  if lease and lease ~= ARGV[1] then ends = math.max(ends, now + LONGEST_SESSION) end
  left = math.max(ends - now, 1)
  redis.call('PEXPIRE', KEYS[10], left)
end
return now + math.max(left, 0)

-- Somebody who leaves while Microsoft can't be told: what clearing does not need is erased now, and their tokens end
-- when what Microsoft may hold of us has ended by itself, whether anybody is there to erase them or not.
-- KEYS[1] person, KEYS[9] link, KEYS[10] tokens. ARGV: the lease of whoever asks ('' none).
-- Returns when the tokens end at the latest (ms), nil when nobody leaves (any more).
if redis.call('HEXISTS', KEYS[1], 'leaving') == 0 then return false end
local needed = {}
for name in string.gmatch('gen ver held told until unsure pref pref_told pref_until pref_unsure need pol tries trouble '
  .. 'trouble_at code wait leaving gone lane lease lease_end', '%S+') do
  needed[name] = true
end
for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do
  if not needed[name] then redis.call('HDEL', KEYS[1], name) end
end
if redis.call('DEL', KEYS[9]) == 1 then redis.call('PUBLISH', 'pb:erased', 1) end
local left = redis.call('PTTL', KEYS[10])
if left == -1 then -- else they were told already until when
  local ends = math.max(num(KEYS[1], 'until'), num(KEYS[1], 'pref_until'))
  local lease = redis.call('HGET', KEYS[1], 'lease')
  if lease and lease ~= ARGV[1] then ends = math.max(ends, now + LONGEST_SESSION) end
  left = math.max(ends - now, 1)
  redis.call('PEXPIRE', KEYS[10], left)
end
return now + math.max(left, 0)

-- Ends a reading, good or bad. KEYS[1] state, KEYS[2] lock.
-- ARGV: token, next one in (ms), not even when asked before (ms), reason ('' success), detail, doubt (0/1).
-- Returns 1; 0 when the lock was lost: somebody else reads by now.
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], 'due', string.format('%.0f', now + tonumber(ARGV[2])),
  'not_before', string.format('%.0f', now + tonumber(ARGV[3])))
if ARGV[4] ~= '' then
  redis.call('HSET', KEYS[1], 'failed', now, 'reason', ARGV[4], 'detail', ARGV[5])
  if ARGV[6] == '1' then redis.call('HSETNX', KEYS[1], 'doubted', now) end
end
redis.call('DEL', KEYS[2])
return 1

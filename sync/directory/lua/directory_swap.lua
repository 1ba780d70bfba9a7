-- Makes a staged reading the one that is read. KEYS[1] state, KEYS[2] lock, KEYS[3] current,
-- KEYS[4] changes to pass on, KEYS[5] staged changes, KEYS[6..9] the staged parts,
-- KEYS[10..13] the parts that are current now (as the reader believes; it holds the lock).
-- ARGV: token, new generation, TTL of the old one (s), users, groups.
-- Returns 1; 0 when the lock was lost: then nothing is changed.
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i = 6, 9 do redis.call('PERSIST', KEYS[i]) end
for i = 10, #KEYS do redis.call('EXPIRE', KEYS[i], ARGV[3]) end
if redis.call('EXISTS', KEYS[5]) == 1 then
  redis.call('RENAME', KEYS[5], KEYS[4])
  redis.call('PERSIST', KEYS[4])
end
redis.call('SET', KEYS[3], ARGV[2])
redis.call('HSET', KEYS[1], 'read', now, 'users', ARGV[4], 'groups', ARGV[5])
redis.call('HDEL', KEYS[1], 'failed', 'reason', 'detail', 'doubted')
return 1

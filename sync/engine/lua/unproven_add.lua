-- KEYS[1] rows. ARGV: object id, row (a JSON list that begins with its time), the time, TTL (s). Newest wins.
local old = redis.call('HGET', KEYS[1], ARGV[1])
local at = old and tonumber(string.match(old, '^%[(%d+)') or '0')
if at and at > tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1

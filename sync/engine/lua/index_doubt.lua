-- Somebody may soon not have it any more. KEYS[1] index. ARGV: object id, TTL (s). Somebody else's stays.
local held = redis.call('GET', KEYS[1])
if not held or string.match(held, '^[^ ]+') ~= ARGV[1] then return 0 end
return redis.call('EXPIRE', KEYS[1], ARGV[2])

-- Somebody may soon not have it any more. KEYS[1] index. ARGV: object id, TTL (s). Somebody else's stays.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('EXPIRE', KEYS[1], ARGV[2])

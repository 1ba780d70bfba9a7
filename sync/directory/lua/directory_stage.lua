-- Writes a part of a reading that nobody sees yet; it ends by itself unless it is swapped in.
-- KEYS[1] hash. ARGV: TTL (s), field, value, ...
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 1

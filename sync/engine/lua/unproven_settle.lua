-- KEYS[1] rows. ARGV: object id, the row that is done. A newer one stays.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
return redis.call('HDEL', KEYS[1], ARGV[1])

redis.call('HSET', part, unpack(rows))
redis.call('EXPIRE', part, STAGED_TTL)
return 1

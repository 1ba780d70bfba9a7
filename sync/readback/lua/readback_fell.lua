if tonumber(redis.call('HGET', state, 'up') or '') ~= up_ms then return 0 end
redis.call('HDEL', state, 'up')
redis.call('HSET', state, 'lost', string.format('%.0f', now))
return 1

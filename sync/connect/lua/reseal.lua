if redis.call('GET', sealed) ~= before then return 0 end
redis.call('SET', sealed, after, 'KEEPTTL')
return 1

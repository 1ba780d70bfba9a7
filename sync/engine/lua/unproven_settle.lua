if redis.call('HGET', rows, member) ~= row then return 0 end
return redis.call('HDEL', rows, member)

if redis.call('EXISTS', attempt) == 0 or redis.call('HEXISTS', attempt, 'result') == 1 then return 0 end
redis.call('HSET', attempt, 'over', why) -- first: a hash without fields would lose its end
redis.call('HDEL', attempt, 'attempt', 'browser', 'flow')
return 1

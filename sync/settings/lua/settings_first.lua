if redis.call('EXISTS', settings) == 1 then return 0 end
redis.call('HSET', settings, 'version', 1, 'account', account)
redis.call('XADD', audit, '*', 'entry', entry)
return 1

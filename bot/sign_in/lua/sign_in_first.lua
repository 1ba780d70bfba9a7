if redis.call('EXISTS', attempt) == 0 or redis.call('HEXISTS', attempt, 'over') == 1 then return false end
if redis.call('HSETNX', attempt, field, value) == 1 and ttl_s then
  redis.call('EXPIRE', attempt, ttl_s)
end
return redis.call('HGET', attempt, field)

if redis.call('EXISTS', person) == 0 then return -1 end
if by_ms and num(person, 'gen') > by_ms then return 0 end
redis.call('HSET', person, 'leaving', 1)
redis.call('HDEL', person, 'wait')
unwatch(member)
demand(person, member, URGENT)
return 1

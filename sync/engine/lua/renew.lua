if redis.call('HGET', person, 'lease') ~= token then return 0 end
local lease_end = now + lease_ms
redis.call('HSET', person, 'lease_end', lease_end)
place(person, member, redis.call('HGET', person, 'lane') or URGENT, lease_end)
return 1

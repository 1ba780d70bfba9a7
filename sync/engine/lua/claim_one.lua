if redis.call('EXISTS', person) == 0 then return {} end
if num(person, 'lease_end') > now then return {now} end
redis.call('HDEL', parked, member) -- tried after all
local lease_end = now + lease_ms
local row = lease(person, token, lease_end)
place(person, member, redis.call('HGET', person, 'lane') or URGENT, lease_end)
return {now, row}

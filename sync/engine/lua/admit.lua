local text, row = redis.call('GET', link), redis.call('HGETALL', person)
if not counts or not text or #row == 0 then return {text, row, 0} end
local count = redis.call('INCR', counter)
if count == 1 then redis.call('EXPIRE', counter, ADMITTED_TTL) end
return {text, row, count}

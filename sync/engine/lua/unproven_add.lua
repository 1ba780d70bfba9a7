local old = redis.call('HGET', rows, member)
local at = old and tonumber(string.match(old, '"at_ms":(%d+)') or '0')
if at and at > at_ms then return 0 end
redis.call('HSET', rows, member, row)
redis.call('EXPIRE', rows, JOB_TTL)
return 1

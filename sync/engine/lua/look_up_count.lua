if redis.call('EXISTS', person) == 0 or redis.call('HEXISTS', person, 'leaving') == 1 then return false end
local of_day = look_ups .. ':' .. string.format('%.0f', day)
redis.call('HINCRBY', of_day, role, 1)
redis.call('PEXPIRE', of_day, ttl_ms)
-- So that nobody looks for days of people who were not looked up.
redis.call('SET', look_ups, '1', 'PX', ttl_ms)
return true

-- ARGV: member, token, lease (ms). Returns {now, {field, value, ...}}; {now} when somebody else works
-- on the person, {} when there is no such person.
if redis.call('EXISTS', KEYS[1]) == 0 then return {} end
if num('lease_end') > now then return {now} end
local lease_end = now + tonumber(ARGV[3])
local lane = redis.call('HGET', KEYS[1], 'lane') or '0'
redis.call('HSET', KEYS[1], 'lease', ARGV[2], 'lease_end', lease_end)
place(ARGV[1], lane, lease_end)
return {now, redis.call('HGETALL', KEYS[1])}

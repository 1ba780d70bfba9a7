-- KEYS[1] person. ARGV: member, token, lease (ms). Returns {now, row}; {now} when somebody else works on the
-- person, {} when there is no such person.
if redis.call('EXISTS', KEYS[1]) == 0 then return {} end
if num(KEYS[1], 'lease_end') > now then return {now} end
redis.call('HDEL', KEYS[6], ARGV[1]) -- tried after all
local lease_end = now + tonumber(ARGV[3])
local row = lease(KEYS[1], ARGV[2], lease_end)
place(KEYS[1], ARGV[1], redis.call('HGET', KEYS[1], 'lane') or '0', lease_end)
return {now, row}

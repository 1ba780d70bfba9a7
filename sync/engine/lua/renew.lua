-- KEYS[1] person. ARGV: member, token, lease (ms). Returns 1, or 0 when the lease was lost.
if redis.call('HGET', KEYS[1], 'lease') ~= ARGV[2] then return 0 end
local lease_end = now + tonumber(ARGV[3])
redis.call('HSET', KEYS[1], 'lease_end', lease_end)
place(KEYS[1], ARGV[1], redis.call('HGET', KEYS[1], 'lane') or '0', lease_end)
return 1

-- KEYS[1] person, KEYS[9] link. ARGV: member, generation, link JSON, Zoom id, addresses (each between line ends).
-- What is known anew of the same connection. Returns 1 and the link that was there; 0 when it has
-- ended, or was replaced: then nothing changes.
local known = redis.call('HMGET', KEYS[1], 'gen', 'leaving')
if known[1] ~= ARGV[2] or known[2] then return {0} end
local former = redis.call('GET', KEYS[9])
redis.call('SET', KEYS[9], ARGV[3])
redis.call('HSET', KEYS[1], 'zoom', ARGV[4], 'addr', ARGV[5])
return {1, former}

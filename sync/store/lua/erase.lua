-- KEYS[1] person, KEYS[7] everybody of the shard, KEYS[8..] link and tokens. ARGV: member, generation.
-- Forgets the person, unless they connected anew. Returns 1 when something was erased.
if tostring(num(KEYS[1], 'gen')) ~= ARGV[2] then return 0 end
unplace(KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[6], ARGV[1])
redis.call('SREM', KEYS[7], ARGV[1])
redis.call('DEL', KEYS[1], KEYS[8], KEYS[9])
return 1

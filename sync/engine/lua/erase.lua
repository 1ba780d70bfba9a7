-- KEYS[1] person, KEYS[8] everybody of the shard, KEYS[9..] link and tokens. ARGV: member, generation,
-- since when their app is gone ('' no matter). Forgets the person, unless they connected anew or the app is back.
-- Returns 1 when something was erased.
if tostring(num(KEYS[1], 'gen')) ~= ARGV[2] then return 0 end
if ARGV[3] ~= '' and redis.call('HGET', KEYS[1], 'gone') ~= ARGV[3] then return 0 end
unplace(KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[6], ARGV[1])
redis.call('SREM', KEYS[8], ARGV[1])
redis.call('DEL', KEYS[1], KEYS[9], KEYS[10])
redis.call('PUBLISH', 'pb:erased', 1)
return 1

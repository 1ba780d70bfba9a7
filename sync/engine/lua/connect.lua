-- KEYS[1] person, KEYS[8] everybody of the shard, KEYS[9] link, KEYS[10] tokens, KEYS[11] live attempt.
-- ARGV: member, link JSON, sealed tokens, observation, its time, Zoom id, group ids (comma-separated), the
-- attempt that must be live ('' none), addresses (each between line ends).
-- A connection replaces an earlier one; what we hold at Microsoft stays known. Returns the generation (0
-- when the attempt was ended) and the link that was there.
if ARGV[8] ~= '' then
  if redis.call('GET', KEYS[11]) ~= ARGV[8] then return {0} end
  redis.call('DEL', KEYS[11])
end
local gen = math.max(num(KEYS[1], 'gen') + 1, now)
local former = redis.call('GET', KEYS[9])
redis.call('SET', KEYS[9], ARGV[2])
redis.call('SET', KEYS[10], gen .. ':' .. ARGV[3])
redis.call('HSET', KEYS[1], 'gen', gen)
redis.call('HDEL', KEYS[1], 'tries', 'leaving', 'trouble', 'trouble_at', 'code', 'asked', 'wait', 'test')
if ARGV[4] ~= '' and tonumber(ARGV[5]) >= num(KEYS[1], 'obs_at') then
  redis.call('HSET', KEYS[1], 'obs', ARGV[4], 'obs_at', ARGV[5], 'got', now)
end
redis.call('HSET', KEYS[1], 'zoom', ARGV[6], 'groups', ARGV[7], 'addr', ARGV[9])
redis.call('SADD', KEYS[8], ARGV[1])
demand(KEYS[1], ARGV[1], 1)
return {gen, former}

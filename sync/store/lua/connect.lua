-- KEYS[6] link, KEYS[7] tokens.
-- ARGV: member, link JSON, sealed tokens, observation, its time, Zoom id, group ids (comma-separated).
-- A connection replaces an earlier one; what we hold at Microsoft stays known. Returns the generation.
local gen = math.max(num('gen') + 1, now)
redis.call('SET', KEYS[6], ARGV[2])
redis.call('SET', KEYS[7], gen .. ':' .. ARGV[3])
redis.call('HSET', KEYS[1], 'gen', gen, 'tries', 0)
redis.call('HDEL', KEYS[1], 'leaving', 'trouble', 'trouble_at', 'wait', 'test')
if ARGV[4] ~= '' and tonumber(ARGV[5]) >= num('obs_at') then
  redis.call('HSET', KEYS[1], 'obs', ARGV[4], 'obs_at', ARGV[5], 'got', now)
end
redis.call('HSET', KEYS[1], 'zoom', ARGV[6], 'groups', ARGV[7])
demand(ARGV[1], 1)
return gen

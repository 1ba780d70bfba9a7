-- ARGV: member, presence, at, interrupts (0/1), furthest ahead (ms). Returns {outcome, now}.
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('HEXISTS', KEYS[1], 'leaving') == 1 then
  return {'not_connected', now}
end
local at = tonumber(ARGV[3])
if at > now + tonumber(ARGV[5]) then return {'future', now} end
local old_at = tonumber(redis.call('HGET', KEYS[1], 'obs_at') or '')
local old = redis.call('HGET', KEYS[1], 'obs')
if old_at then
  if at == old_at and ARGV[2] == old then return {'repeat', now} end
  -- Newest wins; a tie is decided the same in any order of arrival.
  if at < old_at or (at == old_at and ARGV[2] < old) then return {'older', now} end
end
redis.call('HSET', KEYS[1], 'obs', ARGV[2], 'obs_at', ARGV[3], 'got', now, 'tries', 0)
if ARGV[2] ~= old then redis.call('HDEL', KEYS[1], 'test') end
demand(ARGV[1], lane_for(ARGV[4]))
return {'accepted', now}

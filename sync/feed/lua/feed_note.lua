local beat = tonumber(redis.call('HGET', state, 'beat') or '')
local away = 0
if not beat then away = -1 elseif now - beat > AWAY_MS then away = now - beat end
if away ~= 0 then
  -- What Zoom sent meanwhile did not arrive: everything that was known is doubted.
  redis.call('HSET', state, 'since', now, 'doubted', now, 'gap_to', now)
  if beat then redis.call('HSETNX', state, 'gap_from', beat) end
end
redis.call('HSET', state, 'beat', now)
if deliveries > 0 then
  redis.call('HINCRBY', state, 'hour:' .. string.format('%d', math.floor(now / HOUR)), deliveries)
  redis.call('HSET', state, 'last', now)
end
if validations > 0 then redis.call('HSET', state, 'validated', now) end
return away

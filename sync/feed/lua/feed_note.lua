-- A web process is there, and this is what it heard since it last said so.
-- KEYS[1] the feed's state. ARGV: deliveries, validations, away (ms), an hour (ms).
-- Returns {now, for how long no web process was there (ms; 0: they were, -1: there never was one)}.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local state = KEYS[1]
local beat = tonumber(redis.call('HGET', state, 'beat') or '')
local away = 0
if not beat then away = -1 elseif now - beat > tonumber(ARGV[3]) then away = now - beat end
if away ~= 0 then
  -- What Zoom sent meanwhile did not arrive: everything that was known is doubted.
  redis.call('HSET', state, 'since', now, 'doubted', now, 'gap_to', now)
  if beat then redis.call('HSETNX', state, 'gap_from', beat) end
end
redis.call('HSET', state, 'beat', now)
if tonumber(ARGV[1]) > 0 then
  redis.call('HINCRBY', state, 'hour:' .. string.format('%d', math.floor(now / tonumber(ARGV[4]))), ARGV[1])
  redis.call('HSET', state, 'last', now)
end
if tonumber(ARGV[2]) > 0 then redis.call('HSET', state, 'validated', now) end
return {now, away}

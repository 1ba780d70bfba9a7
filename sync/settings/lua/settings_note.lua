-- KEYS[1] list. ARGV: entries kept (about), first number within a millisecond, entry.
local time = redis.call('TIME')
local ms, number = time[1] * 1000 + math.floor(time[2] / 1000), tonumber(ARGV[2])
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if last then
  local last_ms, last_number = string.match(last[1], '(%d+)-(%d+)')
  -- Also where the clock went back: ids only ever grow.
  if tonumber(last_ms) >= ms then ms, number = tonumber(last_ms), last_number + 1 end
end
local id = string.format('%.0f-%.0f', ms, number)
return redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], id, 'entry', ARGV[3])

local ms, number = now, first
local last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
if last then
  local last_ms, last_number = string.match(last[1], '(%d+)-(%d+)')
  -- Also where the clock went back: ids only ever grow.
  if tonumber(last_ms) >= ms then ms, number = tonumber(last_ms), last_number + 1 end
end
local id = string.format('%.0f-%.0f', ms, number)
return redis.call('XADD', log, 'MAXLEN', '~', kept, id, 'entry', entry)

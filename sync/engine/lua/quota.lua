follow = follow and lane < FADE

local known = redis.call('HMGET', budget, 'f', 'l', 'u0', 'u1', 'u2', 'u3', 's0', 's1', 's2', 'w')
local first, last = tonumber(known[1] or ''), tonumber(known[2] or '')
local use, short = {}, {}
for k = URGENT, FADE do use[k] = tonumber(known[3 + k] or '') or 0 end
for k = URGENT, FADE - 1 do short[k] = tonumber(known[7 + k] or '') or 0 end
local waited = tonumber(known[10] or '') or 0

local current = math.floor(now / cell_ms)
if last then
  if last - current > cells then -- the clock was set: nothing before counts
    redis.call('DEL', budget)
    first, last = nil, nil
    for k = URGENT, FADE do use[k] = 0; short[k] = 0 end
    waited = 0
  else
    current = math.max(current, last)
  end
end
if first and last < current - cells then
  redis.call('DEL', budget)
  for k = URGENT, FADE - 1 do
    if short[k] > 0 then redis.call('HSET', budget, 's' .. k, short[k]) end
  end
  if waited > 0 then redis.call('HSET', budget, 'w', waited) end
  first, last = nil, nil
  for k = URGENT, FADE do use[k] = 0 end
end
if first and first < current - cells then
  while first < current - cells do
    local names = {first .. ':0', first .. ':1', first .. ':2', first .. ':3'}
    local gone = redis.call('HMGET', budget, unpack(names))
    for k = URGENT, FADE do use[k] = use[k] - (tonumber(gone[k + 1] or '') or 0) end
    redis.call('HDEL', budget, unpack(names))
    first = first + 1
  end
  redis.call('HSET', budget, 'f', first, 'u0', use[0], 'u1', use[1], 'u2', use[2], 'u3', use[FADE])
end

if now - waited > quiet_ms then fade = fade_in_quiet end

local used = use[0] + use[1] + use[2] + use[FADE]
local paused = redis.call('PTTL', pause)
local behind = 0 -- until when a more urgent lane goes first
if not follow then
  for k = URGENT, lane - 1 do behind = math.max(behind, short[k]) end
end
local room
if paused > 0 or behind > now then
  room = 0
elseif follow then
  room = limit - used
else
  room = total - used
  if lane > URGENT then room = math.min(room, others - (used - use[URGENT])) end
  if lane == FADE then room = math.min(room, fade - use[FADE]) end
end
local granted = math.max(0, math.min(count, room))
if granted > 0 then
  redis.call('HINCRBY', budget, current .. ':' .. lane, granted)
  use[lane] = use[lane] + granted
  used = used + granted
  redis.call('HSET', budget, 'f', first or current, 'l', current, 'u' .. lane, use[lane])
  first = first or current
end

local wait = 0
if granted < count then
  local until_ms = behind
  if paused > 0 then until_ms = math.max(until_ms, now + paused) end
  local function until_free(from)
    for at = first, current do
      for k = from, FADE do
        if (tonumber(redis.call('HGET', budget, at .. ':' .. k) or '') or 0) > 0 then
          until_ms = math.max(until_ms, (at + cells + 1) * cell_ms)
          return
        end
      end
    end
  end
  if used >= (follow and limit or total) then until_free(URGENT) end
  if not follow and lane > URGENT and used - use[URGENT] >= others then until_free(CHANGE) end
  if not follow and lane == FADE and use[FADE] >= fade then until_free(FADE) end
  wait = math.max(1, until_ms - now)
  if lane < FADE then
    redis.call('HSET', budget, 's' .. lane, string.format('%.0f', now + wait + grace_ms), 'w', string.format('%.0f', now))
  end
elseif count > 0 and lane < FADE and short[lane] > 0 then
  redis.call('HDEL', budget, 's' .. lane)
end
redis.call('PEXPIRE', budget, math.max((cells + 2) * cell_ms, wait + grace_ms, redis.call('PTTL', budget)))
return {granted, wait, used}

follow = follow and lane < FADE

local known = redis.call('HMGET', budget, 'f', 'l', 'u0', 'u1', 'u2', 'u3', 's0', 's1', 's2')
local first, last = tonumber(known[1] or ''), tonumber(known[2] or '')
local use, short = {}, {}
for k = URGENT, FADE do use[k] = tonumber(known[3 + k] or '') or 0 end
for k = URGENT, FADE - 1 do short[k] = tonumber(known[7 + k] or '') or 0 end

local current = math.floor(now / cell_ms)
if last then
  if last - current > cells then -- the clock was set: nothing before counts
    redis.call('DEL', budget)
    first, last = nil, nil
    for k = URGENT, FADE do use[k] = 0; short[k] = 0 end
  else
    current = math.max(current, last)
  end
end
if first and last < current - cells then
  redis.call('DEL', budget)
  for k = URGENT, FADE - 1 do
    if short[k] > 0 then redis.call('HSET', budget, 's' .. k, short[k]) end
  end
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

-- What the less urgent lanes have used of the last cells, and the first of these.
local recent, first_recent = 0, nil
if lane > URGENT and not follow and first then
  local names = {}
  for at = math.max(first, current - pace_cells + 1), current do
    for k = CHANGE, FADE do names[#names + 1] = at .. ':' .. k end
  end
  local uses = #names > 0 and redis.call('HMGET', budget, unpack(names)) or {}
  for i, name in ipairs(names) do
    local use_then = tonumber(uses[i] or '') or 0
    if use_then > 0 then
      recent = recent + use_then
      first_recent = first_recent or tonumber(string.match(name, '^(%d+):'))
    end
  end
end

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
  if lane > URGENT then
    local so_far = used - use[URGENT]
    room = math.min(room, others - so_far, math.max(unpaced - so_far, pace - recent))
  end
end
local granted = math.max(0, math.min(count, room))
if granted > 0 then
  redis.call('HINCRBY', budget, current .. ':' .. lane, granted)
  use[lane] = use[lane] + granted
  used = used + granted
  redis.call('HSET', budget, 'f', first or current, 'l', current, 'u' .. lane, use[lane])
  first = first or current
  recent = recent + granted
  first_recent = first_recent or current
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
  if not follow and lane > URGENT then
    if used - use[URGENT] >= others then until_free(CHANGE) end
    if used - use[URGENT] >= unpaced and recent >= pace then
      until_ms = math.max(until_ms, (first_recent + pace_cells) * cell_ms)
    end
  end
  wait = math.max(1, until_ms - now)
  if lane < FADE then
    redis.call('HSET', budget, 's' .. lane, string.format('%.0f', now + wait + grace_ms))
  end
elseif count > 0 and lane < FADE and short[lane] > 0 then
  redis.call('HDEL', budget, 's' .. lane)
end
redis.call('PEXPIRE', budget, math.max((cells + 2) * cell_ms, wait + grace_ms, redis.call('PTTL', budget)))
return {granted, wait, used}

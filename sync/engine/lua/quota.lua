-- One budget for every worker: sync.lanes.Budget, rule by rule, on the server's clock.
-- KEYS[1] budget (hash: used by lane `u<lane>`, cells `<cell>:<lane>`, first and last cell `f` `l`, lanes
-- that wait `s<lane>` and until when, `w` when somebody other than FADE had to wait), KEYS[2] pause.
-- ARGV: lane, how many, follow (0/1), limit, total, others, fade, fade in quiet times, quiet (ms), cell (ms),
-- cells, grace (ms).
-- Returns {granted, wait (ms), used}.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lane, count = tonumber(ARGV[1]), tonumber(ARGV[2])
local follow = ARGV[3] == '1' and lane < 3
local limit, total, others, fade = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local cell, cells, grace = tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12])

local known = redis.call('HMGET', KEYS[1], 'f', 'l', 'u0', 'u1', 'u2', 'u3', 's0', 's1', 's2', 'w')
local first, last = tonumber(known[1] or ''), tonumber(known[2] or '')
local use, short = {}, {}
for k = 0, 3 do use[k] = tonumber(known[3 + k] or '') or 0 end
for k = 0, 2 do short[k] = tonumber(known[7 + k] or '') or 0 end
local waited = tonumber(known[10] or '') or 0

local current = math.floor(now / cell)
if last then
  if last - current > cells then -- the clock was set: nothing before counts
    redis.call('DEL', KEYS[1])
    first, last = nil, nil
    for k = 0, 3 do use[k] = 0; short[k] = 0 end
    waited = 0
  else
    current = math.max(current, last)
  end
end
if first and last < current - cells then
  redis.call('DEL', KEYS[1])
  for k = 0, 2 do
    if short[k] > now then redis.call('HSET', KEYS[1], 's' .. k, short[k]) end
  end
  if waited > 0 then redis.call('HSET', KEYS[1], 'w', waited) end
  first, last = nil, nil
  for k = 0, 3 do use[k] = 0 end
end
if first and first < current - cells then
  while first < current - cells do
    local names = {first .. ':0', first .. ':1', first .. ':2', first .. ':3'}
    local gone = redis.call('HMGET', KEYS[1], unpack(names))
    for k = 0, 3 do use[k] = use[k] - (tonumber(gone[k + 1] or '') or 0) end
    redis.call('HDEL', KEYS[1], unpack(names))
    first = first + 1
  end
  redis.call('HSET', KEYS[1], 'f', first, 'u0', use[0], 'u1', use[1], 'u2', use[2], 'u3', use[3])
end

if now - waited > tonumber(ARGV[9]) then fade = tonumber(ARGV[8]) end

local used = use[0] + use[1] + use[2] + use[3]
local paused = redis.call('PTTL', KEYS[2])
local behind = 0 -- until when a more urgent lane keeps its turn
if not follow then
  for k = 0, lane - 1 do behind = math.max(behind, short[k]) end
end
local room
if paused > 0 or behind > now then
  room = 0
elseif follow then
  room = limit - used
else
  room = total - used
  if lane > 0 then room = math.min(room, others - (used - use[0])) end
  if lane == 3 then room = math.min(room, fade - use[3]) end
end
local granted = math.max(0, math.min(count, room))
if granted > 0 then
  redis.call('HINCRBY', KEYS[1], current .. ':' .. lane, granted)
  use[lane] = use[lane] + granted
  used = used + granted
  redis.call('HSET', KEYS[1], 'f', first or current, 'l', current, 'u' .. lane, use[lane])
  first = first or current
end

local wait = 0
if granted < count then
  local until_ms = behind
  if paused > 0 then until_ms = math.max(until_ms, now + paused) end
  local function until_free(from)
    for at = first, current do
      for k = from, 3 do
        if (tonumber(redis.call('HGET', KEYS[1], at .. ':' .. k) or '') or 0) > 0 then
          until_ms = math.max(until_ms, (at + cells + 1) * cell)
          return
        end
      end
    end
  end
  if used >= (follow and limit or total) then until_free(0) end
  if not follow and lane > 0 and used - use[0] >= others then until_free(1) end
  if not follow and lane == 3 and use[3] >= fade then until_free(3) end
  wait = math.max(1, until_ms - now)
  if lane < 3 then
    redis.call('HSET', KEYS[1], 's' .. lane, string.format('%.0f', now + wait + grace), 'w', string.format('%.0f', now))
  end
elseif count > 0 and lane < 3 and short[lane] > 0 then
  redis.call('HDEL', KEYS[1], 's' .. lane)
end
redis.call('PEXPIRE', KEYS[1], math.max((cells + 2) * cell, wait + grace, redis.call('PTTL', KEYS[1])))
return {granted, wait, used}

-- One budget for every worker: a sliding window of cells, on the server's clock.
-- KEYS[1] cells, KEYS[2] pause. ARGV: limit, window (ms), cell (ms), how many.
-- Returns {granted (0/1), wait (ms), used in the window}.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local limit, window, cell = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local paused = redis.call('PTTL', KEYS[2])
local current = math.floor(now / cell)
local oldest = math.floor((now - window) / cell)
local used, first, first_count = 0, nil, 0
local cells = redis.call('HGETALL', KEYS[1])
for i = 1, #cells, 2 do
  local at, count = tonumber(cells[i]), tonumber(cells[i + 1])
  if at < oldest or at > current + math.floor(window / cell) then -- the clock may step back a little
    redis.call('HDEL', KEYS[1], cells[i])
  else
    used = used + count
    if not first or at < first then first, first_count = at, count end
  end
end
if paused > 0 then return {0, paused, used} end
if used + tonumber(ARGV[4]) > limit then
  -- A whole cell must have left the window before its requests are free again.
  return {0, math.max(1, (first + 1) * cell + window - now), used}
end
redis.call('HINCRBY', KEYS[1], current, ARGV[4])
redis.call('PEXPIRE', KEYS[1], window + 2 * cell)
return {1, 0, used + tonumber(ARGV[4])}

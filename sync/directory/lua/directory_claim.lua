-- One process at a time reads Zoom's directory. KEYS[1] state, KEYS[2] lock. ARGV: token, lease (ms).
-- Returns 0 when it is ours to do now, else in how many ms to look again.
-- A reader that dies leaves `due` at the end of its lease: another one starts over.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function num(field)
  return tonumber(redis.call('HGET', KEYS[1], field) or '')
end
local due = num('due') or 0
local asked = num('asked')
if asked then due = math.min(due, math.max(asked, num('not_before') or 0)) end
if due > now then return due - now end
local held = redis.call('PTTL', KEYS[2])
if held > 0 then return held end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
redis.call('HDEL', KEYS[1], 'asked')
redis.call('HSET', KEYS[1], 'due', string.format('%.0f', now + tonumber(ARGV[2])))
return 0

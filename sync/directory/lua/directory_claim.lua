local function num(field)
  return tonumber(redis.call('HGET', state, field) or '')
end
local due = num('due') or 0
local asked = num('asked')
if asked then due = math.min(due, math.max(asked, num('not_before') or 0)) end
if due > now then return due - now end
local held = redis.call('PTTL', lock)
if held > 0 then return held end
redis.call('SET', lock, token, 'PX', lease_ms)
redis.call('HDEL', state, 'asked')
redis.call('HSET', state, 'due', string.format('%.0f', now + lease_ms))
return 0

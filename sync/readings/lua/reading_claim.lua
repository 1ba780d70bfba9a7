local function num(field)
  return tonumber(redis.call('HGET', state, field) or '')
end
local due = num('due') or 0
local requested = num('requested')
if requested then due = math.min(due, math.max(requested, num('not_before') or 0)) end
if due > now then return due - now end
local held = redis.call('PTTL', lease)
if held > 0 then return held end
redis.call('SET', lease, token, 'PX', lease_ms)
redis.call('HDEL', state, 'requested')
redis.call('HSET', state, 'due', string.format('%.0f', now + lease_ms))
return 0

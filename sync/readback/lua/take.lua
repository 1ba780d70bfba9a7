local found = redis.call('ZRANGEBYSCORE', watched, '-inf', now_ms, 'WITHSCORES', 'LIMIT', 0, at_most)
if #found == 0 then return found end
local round, asked = string.format('%.2f', next_ms + 0.5), string.format('%.2f', next_ms + 0.25)
local moved = {}
for i = 1, #found, 2 do
  moved[i] = string.sub(found[i + 1], -2) == '.5' and round or asked
  moved[i + 1] = found[i]
end
redis.call('ZADD', watched, unpack(moved))
return found

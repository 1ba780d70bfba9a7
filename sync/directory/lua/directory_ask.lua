-- Somebody wants Zoom's directory read anew. KEYS[1] state. ARGV: delay (ms), so that many wishes
-- become one reading. An earlier wish stands. Returns when it is wanted (epoch ms).
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local asked = tonumber(redis.call('HGET', KEYS[1], 'asked') or '') or math.huge
asked = math.min(asked, now + tonumber(ARGV[1]))
redis.call('HSET', KEYS[1], 'asked', string.format('%.0f', asked))
return asked

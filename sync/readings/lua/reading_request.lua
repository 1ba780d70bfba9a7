local requested = tonumber(redis.call('HGET', state, 'requested') or '') or math.huge
requested = math.min(requested, now + delay_ms)
redis.call('HSET', state, 'requested', string.format('%.0f', requested))
return requested

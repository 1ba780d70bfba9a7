local asked = tonumber(redis.call('HGET', state, 'asked') or '') or math.huge
asked = math.min(asked, now + delay_ms)
redis.call('HSET', state, 'asked', string.format('%.0f', asked))
return asked

if redis.call('GET', lease) ~= token then return 0 end
for _, part in ipairs(staged) do redis.call('PERSIST', part) end
for _, part in ipairs(former) do redis.call('EXPIRE', part, OLD_READING_TTL) end
redis.call('SET', current, reading)
redis.call('HSET', state, 'read', now, 'wanted', wanted, 'full', full and '1' or '0',
  'counts', counts)
redis.call('HDEL', state, 'failed', 'reason', 'detail', 'doubted')
return 1

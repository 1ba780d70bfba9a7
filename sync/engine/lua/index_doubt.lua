local held = redis.call('GET', index)
if not held or string.match(held, '^[^ ]+') ~= member then return 0 end
return redis.call('EXPIRE', index, INDEX_TTL)

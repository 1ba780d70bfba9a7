local held = redis.call('GET', index)
if not held or string.match(held, '^[^ ]+') ~= member then return 0 end
if mark == 'kept' then return redis.call('PERSIST', index) end
if mark == 'doubted' then return redis.call('EXPIRE', index, INDEX_TTL) end
if redis.call('TTL', index) < 0 then return 0 end
return redis.call('DEL', index)

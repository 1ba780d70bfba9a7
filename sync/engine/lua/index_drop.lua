local held = redis.call('GET', index)
if not held or string.match(held, '^[^ ]+') ~= member or redis.call('TTL', index) < 0 then return 0 end
return redis.call('DEL', index)

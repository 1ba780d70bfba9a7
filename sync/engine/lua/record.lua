if redis.call('HGET', person, 'lease') ~= token then return 0 end
for field, value in pairs(changes) do
  if value == '' then redis.call('HDEL', person, field)
  else redis.call('HSET', person, field, value) end
end
return 1

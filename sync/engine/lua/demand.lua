if redis.call('EXISTS', person) == 0 then return 0 end
for field, value in pairs(changes) do
  if value == '' then redis.call('HDEL', person, field)
  else redis.call('HSET', person, field, value) end
end
demand(person, member, lane)
return 1

if (redis.call('HGET', row, field) or '') ~= before then return 0 end
for name, value in pairs(must_hold) do
  if redis.call('HGET', row, name) ~= value then return 0 end
end
if after == '' then redis.call('HDEL', row, field)
else redis.call('HSET', row, field, after) end
return 1

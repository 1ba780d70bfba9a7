if redis.call('HGET', everybody, mark) ~= before then return 0 end
if after then
  redis.call('HSET', everybody, mark, after)
else
  redis.call('HDEL', everybody, mark)
end
return 1

if redis.call('GET', lease) ~= token then return 0 end
for _, part in ipairs(staged) do redis.call('PERSIST', part) end
for _, part in ipairs(former) do redis.call('EXPIRE', part, OLD_READING_TTL) end
if redis.call('EXISTS', staged_changes) == 1 then
  redis.call('RENAME', staged_changes, changes)
  redis.call('PERSIST', changes)
end
redis.call('SET', current, reading)
redis.call('HSET', state, 'read', now, 'users', users, 'groups', groups)
redis.call('HDEL', state, 'failed', 'reason', 'detail', 'doubted')
return 1

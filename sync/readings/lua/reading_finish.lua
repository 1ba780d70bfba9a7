if redis.call('GET', lease) ~= token then return 0 end
redis.call('HSET', state, 'due', string.format('%.0f', now + next_ms),
  'not_before', string.format('%.0f', now + not_before_ms))
if reason ~= '' then
  redis.call('HSET', state, 'failed', now, 'reason', reason, 'detail', detail)
  if doubt then redis.call('HSETNX', state, 'doubted', now) end
end
redis.call('DEL', lease)
return 1

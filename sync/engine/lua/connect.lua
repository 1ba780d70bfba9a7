if attempt then
  if redis.call('GET', live) ~= attempt then return {0} end
  redis.call('DEL', live)
end
if by and redis.call('EXISTS', opt_out) == 1 then return {0} end
local gen = math.max(num(person, 'gen') + 1, now)
local former = redis.call('GET', link)
redis.call('SET', link, text)
redis.call('HSET', person, 'gen', gen)
if by then
  redis.call('DEL', tokens)
  redis.call('HSET', person, 'by', by)
else
  redis.call('SET', tokens, gen .. ':' .. sealed)
  redis.call('HDEL', person, 'by')
end
redis.call('HDEL', person, 'tries', 'leaving', 'trouble', 'trouble_at', 'code', 'notified', 'wait', 'test')
if presence and at_ms >= num(person, 'obs_at') then
  redis.call('HSET', person, 'obs', presence, 'obs_at', at_ms, 'got', now)
end
redis.call('HSET', person, 'zoom', zoom_id, 'groups', groups, 'addr', addresses)
redis.call('SADD', everybody, member)
demand(person, member, CHANGE)
return {gen, former}

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
  -- What their own registration holds is cleared with their own authorisation, which ends with it at the latest.
  local ends = math.max(num(person, 'until'), num(person, 'pref_until'))
  if num(person, 'lease_end') > now then ends = math.max(ends, now + LONGEST_SESSION_MS) end
  local own = hands_over and redis.call('HEXISTS', person, 'app') == 0 and redis.call('GET', tokens)
  own = own and string.match(own, '^%d+:(.*)$')
  if own and ends > now then
    redis.call('SET', tokens, string.format('%.0f:', gen) .. own, 'PX', ends - now)
  else
    redis.call('DEL', tokens)
  end
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

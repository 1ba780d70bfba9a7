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
  -- A working authorisation of their own is kept beside it for some days (own_erase.lua).
  local kept = num(person, 'own_until')
  local former_by = redis.call('HGET', person, 'by')
  local leaves = redis.call('HEXISTS', person, 'leaving') == 1
  if leaves or former_by and kept <= now then
    kept = 0
  elseif not former_by then
    kept = redis.call('HGET', person, 'trouble') ~= AUTHORIZE and now + OWN_KEPT_MS or 0
  end
  local theirs = string.match(redis.call('GET', tokens) or '', '^%d+:(.*)$')
  kept = theirs and kept or 0
  -- What their own registration holds is cleared with their own authorisation, which ends with it at the latest.
  local ends = math.max(num(person, 'until'), num(person, 'pref_until'))
  if num(person, 'lease_end') > now then ends = math.max(ends, now + LONGEST_SESSION_MS) end
  local own = hands_over and redis.call('HEXISTS', person, 'app') == 0 and redis.call('GET', tokens)
  own = own and string.match(own, '^%d+:(.*)$')
  if kept > 0 then
    redis.call('SET', tokens, string.format('%.0f:', gen) .. theirs)
    redis.call('HSET', person, 'own_until', string.format('%.0f', kept))
  elseif own and ends > now then
    redis.call('SET', tokens, string.format('%.0f:', gen) .. own, 'PX', ends - now)
  else
    redis.call('DEL', tokens)
  end
  if kept == 0 then redis.call('HDEL', person, 'own_until') end
  redis.call('HSET', person, 'by', by)
else
  redis.call('SET', tokens, gen .. ':' .. sealed)
  redis.call('HDEL', person, 'by', 'own_until')
end
redis.call('HDEL', person, 'tries', 'leaving', 'trouble', 'trouble_at', 'code', 'notified', 'wait', 'test')
if presence and at_ms >= num(person, 'obs_at') then
  redis.call('HSET', person, 'obs', presence, 'obs_at', at_ms, 'got', now)
  redis.call('HDEL', person, 'since') -- it may have begun long before
end
redis.call('HSET', person, 'zoom', zoom_id, 'groups', groups, 'addr', addresses)
redis.call('SADD', everybody, member)
demand(person, member, CHANGE)
return {gen, former}

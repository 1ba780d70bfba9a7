local lease_end = now + lease_ms
local left = at_most
local out = {now, -1, 0, 0, 0, 0}
for k = URGENT, FADE do
  local queue = lanes[k + 1]
  if left > 0 and k >= first and k <= last then
    local due
    if k == FADE then -- whom it is too late for is shed: the newest first
      due = redis.call('ZREVRANGEBYSCORE', queue, now, '-inf', 'WITHSCORES', 'LIMIT', 0, left)
    else
      due = redis.call('ZRANGEBYSCORE', queue, '-inf', now, 'WITHSCORES', 'LIMIT', 0, left)
    end
    local taken = {}
    for i = 1, #due, 2 do
      local member = due[i]
      local row = lease(prefix .. member, token, lease_end)
      if row then
        taken[#taken + 1] = lease_end
        taken[#taken + 1] = member
        out[#out + 1] = {member, k, due[i + 1], row}
        left = left - 1
      else
        redis.call('ZREM', queue, member)
      end
    end
    if #taken > 0 then redis.call('ZADD', queue, unpack(taken)) end
  end
  out[3 + k] = redis.call('ZCOUNT', queue, '-inf', now)
  local next = redis.call('ZRANGEBYSCORE', queue, '(' .. now, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if next[2] and (out[2] == -1 or tonumber(next[2]) < out[2]) then out[2] = tonumber(next[2]) end
end
redis.call('DEL', woken) -- last: a full Redis refuses a script only until it has written something
return out

-- KEYS[1] prefix. ARGV: token, lease (ms), at most, first lane, last lane.
-- Returns {now, the next time that somebody falls due or -1, how many are due now in each lane (4),
-- {member, lane, when they were due, row}, ...}.
-- The score is due time and lease at once: who dies simply becomes due when the lease ends.
local lease_end = now + tonumber(ARGV[2])
local left = tonumber(ARGV[3])
local out = {now, -1, 0, 0, 0, 0}
for k = 0, 3 do
  local queue = KEYS[2 + k]
  if left > 0 and k >= tonumber(ARGV[4]) and k <= tonumber(ARGV[5]) then
    local due
    if k == 3 then -- whom it is too late for is shed: the newest first
      due = redis.call('ZREVRANGEBYSCORE', queue, now, '-inf', 'WITHSCORES', 'LIMIT', 0, left)
    else
      due = redis.call('ZRANGEBYSCORE', queue, '-inf', now, 'WITHSCORES', 'LIMIT', 0, left)
    end
    local taken = {}
    for i = 1, #due, 2 do
      local member = due[i]
      local row = lease(KEYS[1] .. member, ARGV[1], lease_end)
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
redis.call('DEL', KEYS[7]) -- last: a full Redis refuses a script only until it has written something
return out

-- KEYS[1] prefix of the shard's person keys, KEYS[2..5] the lanes.
-- ARGV: token, lease (ms), at most. Returns {now, next due or -1, {member, {field, value, ...}}, ...}.
-- The score is due time and lease at once: who dies simply becomes due when the lease ends.
local prefix = KEYS[1]
local lease_end = now + tonumber(ARGV[2])
local left = tonumber(ARGV[3])
local out = {now, -1}
for i = 2, 5 do
  if left > 0 then
    local due = redis.call('ZRANGEBYSCORE', KEYS[i], '-inf', now, 'LIMIT', 0, left)
    for _, member in ipairs(due) do
      local key = prefix .. member
      if redis.call('EXISTS', key) == 0 then
        redis.call('ZREM', KEYS[i], member)
      else
        redis.call('ZADD', KEYS[i], lease_end, member)
        redis.call('HSET', key, 'lease', ARGV[1], 'lease_end', lease_end)
        out[#out + 1] = {member, redis.call('HGETALL', key)}
        left = left - 1
      end
    end
  end
  local first = redis.call('ZRANGE', KEYS[i], 0, 0, 'WITHSCORES')
  if first[2] and (out[2] == -1 or tonumber(first[2]) < out[2]) then out[2] = tonumber(first[2]) end
end
return out

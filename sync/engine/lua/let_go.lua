-- Gives back whoever was claimed with a token whose answer never arrived: nothing was sent for them.
-- KEYS[1] prefix. ARGV: token, lease (ms). Returns how many they were.
local count, first = 0
for k = 0, 3 do
  -- Who is leased stands at the end of the lease: a few, and never far ahead.
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2 + k], '(' .. now, now + tonumber(ARGV[2]))) do
    local key = KEYS[1] .. member
    if redis.call('HGET', key, 'lease') == ARGV[1] then
      redis.call('HDEL', key, 'lease', 'lease_end')
      place(key, member, k, math.max(now, num(key, 'wait')))
      count, first = count + 1, first or k
    end
  end
end
if first then wake(first) end
return count

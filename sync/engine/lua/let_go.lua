local count, first = 0
for k = URGENT, FADE do
  -- Who is leased stands at the end of the lease: a few, and never far ahead.
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', lanes[k + 1], '(' .. now, now + lease_ms)) do
    local key = prefix .. member
    if redis.call('HGET', key, 'lease') == token then
      redis.call('HDEL', key, 'lease', 'lease_end')
      place(key, member, k, math.max(now, num(key, 'wait')))
      count, first = count + 1, first or k
    end
  end
end
if first then wake(first) end
return count

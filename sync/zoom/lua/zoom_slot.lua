local next = tonumber(redis.call('GET', following) or '') or 0
local turn = tonumber(redis.call('ZSCORE', turns, who) or '')
if turn and turn > next then turn = nil end -- of a time before the clock was set back
if not turn then
  turn = math.max(now - ahead_ms + gap_ms, next)
  redis.call('SET', following, turn + gap_ms, 'PX', math.max(1, turn + gap_ms - now) + ahead_ms + 1000)
end
if turn > now then
  redis.call('ZADD', turns, turn, who)
  redis.call('PEXPIRE', turns, turn - now + KEPT_MS)
  return turn - now
end
redis.call('ZREM', turns, who)
redis.call('ZREMRANGEBYSCORE', turns, '-inf', now - KEPT_MS)
return 0

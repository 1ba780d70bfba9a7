local next = tonumber(redis.call('GET', following) or '') or 0
local slot = tonumber(redis.call('ZSCORE', slots, who) or '')
if slot and slot > next then slot = nil end -- of a time before the clock was set back
if not slot then
  slot = math.max(now - ahead_ms + gap_ms, next)
  redis.call('SET', following, slot + gap_ms, 'PX', math.max(1, slot + gap_ms - now) + ahead_ms + 1000)
end
if slot > now then
  redis.call('ZADD', slots, slot, who)
  redis.call('PEXPIRE', slots, slot - now + KEPT_MS)
  return slot - now
end
redis.call('ZREM', slots, who)
redis.call('ZREMRANGEBYSCORE', slots, '-inf', now - KEPT_MS)
return 0

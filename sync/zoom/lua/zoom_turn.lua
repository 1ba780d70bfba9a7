-- Whose turn it is to be asked about at Zoom: sync.zoom.turns in Redis, for all processes together.
-- KEYS[1] the next turn that nobody has (ms), KEYS[2] zset: person -> their turn (ms).
-- ARGV: person, gap between two turns (ms), how far a quiet time may be made up for (ms), for how long a turn is
-- kept that nobody takes (ms). Returns the milliseconds until their turn; 0: it is now, and taken.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local gap, ahead, kept = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local next = tonumber(redis.call('GET', KEYS[1]) or '') or 0
local turn = tonumber(redis.call('ZSCORE', KEYS[2], ARGV[1]) or '')
if turn and turn > next then turn = nil end -- of a time before the clock was set back
if not turn then
  turn = math.max(now - ahead + gap, next)
  redis.call('SET', KEYS[1], turn + gap, 'PX', math.max(1, turn + gap - now) + ahead + 1000)
end
if turn > now then
  redis.call('ZADD', KEYS[2], turn, ARGV[1])
  redis.call('PEXPIRE', KEYS[2], turn - now + kept)
  return turn - now
end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - kept)
return 0

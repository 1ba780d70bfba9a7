-- News of a person's chat. KEYS[1] where it is (hash: `where`, and `at`: when the last news of it was sent, ms, by
-- the channel's clock). ARGV: what (there, doubted, removed, moved), when (the same clock; '' not known), how long it
-- is kept (s), how late a delivery may be (ms), where.
-- Returns when it was; 0 when it is no news: it was sent before what is known. Negative for `there` after an hour at
-- least, after `doubted`, or for the first time. Times further apart than any delivery is late are of two clocks; then
-- what comes last holds.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[1] == 'moved' then -- for as long as it was kept
  if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'where', ARGV[5]) end
  return 0
end
local at = math.min(tonumber(ARGV[2]) or now, now)
if at <= 0 then at = now end -- no clock of ours
local known = tonumber(redis.call('HGET', KEYS[1], 'at') or '')
if known and at < known and known - at <= tonumber(ARGV[4]) then return 0 end
if ARGV[1] == 'removed' then
  redis.call('DEL', KEYS[1])
  return at
end
local there, left = ARGV[1] == 'there', redis.call('TTL', KEYS[1]) -- of none: -2
if there then
  redis.call('HSET', KEYS[1], 'where', ARGV[5], 'at', at)
elseif left == -2 then
  return at
else
  redis.call('HSET', KEYS[1], 'at', at)
end
redis.call('EXPIRE', KEYS[1], ARGV[3])
return there and ARGV[3] - left >= 3600 and -at or at

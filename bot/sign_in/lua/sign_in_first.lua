-- Sets a field of a sign-in attempt unless it has one; the value that it has then.
-- KEYS[1] attempt. ARGV: field, value, seconds to live from now if it was set ('' leaves them).
-- Returns nil when there is no such attempt, or it is over.
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('HEXISTS', KEYS[1], 'over') == 1 then return false end
if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 1 and ARGV[3] ~= '' then
  redis.call('EXPIRE', KEYS[1], ARGV[3])
end
return redis.call('HGET', KEYS[1], ARGV[1])

-- Ends a sign-in attempt; what was known of the person leaves with it, why it ended stays until its time is up.
-- KEYS[1] attempt. ARGV: why. Returns 0 when there was none to end.
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('HEXISTS', KEYS[1], 'result') == 1 then return 0 end
redis.call('HSET', KEYS[1], 'over', ARGV[1]) -- first: a hash without fields would lose its end
redis.call('HDEL', KEYS[1], 'attempt', 'browser', 'flow')
return 1

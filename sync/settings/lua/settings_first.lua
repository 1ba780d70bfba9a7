-- The form of a new installation; nothing when there are settings already.
-- KEYS[1] settings, KEYS[2] audit. ARGV: account form, audit entry. Returns 1 when it was new.
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'version', 1, 'account', ARGV[1])
redis.call('XADD', KEYS[2], '*', 'entry', ARGV[2])
return 1

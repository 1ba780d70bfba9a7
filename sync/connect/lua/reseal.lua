-- Replaces a value if it still reads as it was read; when it ends stays. KEYS[1] the value. ARGV: before, after.
-- Returns 1, or 0 when it changed meanwhile.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1

-- Drops what was doubted, unless they (no TTL any more) or somebody else have it by now.
-- KEYS[1] index. ARGV: object id.
local held = redis.call('GET', KEYS[1])
if not held or string.match(held, '^[^ ]+') ~= ARGV[1] or redis.call('TTL', KEYS[1]) < 0 then return 0 end
return redis.call('DEL', KEYS[1])

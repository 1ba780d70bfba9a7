-- It is theirs after all. KEYS[1] index. ARGV: object id. Somebody else's stays as it is.
local held = redis.call('GET', KEYS[1])
if not held or string.match(held, '^[^ ]+') ~= ARGV[1] then return 0 end
redis.call('PERSIST', KEYS[1])
return 1

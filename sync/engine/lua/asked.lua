-- Reads somebody whose chat asks, and counts that it does. KEYS[1] person, KEYS[2] link, KEYS[3] the count.
-- ARGV: how long it counts (s), from the first ask on. Returns {link, row, count}; nothing is counted for whoever
-- is not connected.
local link, row = redis.call('GET', KEYS[2]), redis.call('HGETALL', KEYS[1])
if not link or #row == 0 then return {link, row, 0} end
local count = redis.call('INCR', KEYS[3])
if count == 1 then redis.call('EXPIRE', KEYS[3], ARGV[1]) end
return {link, row, count}

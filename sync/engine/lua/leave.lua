-- They are to be forgotten, if they connected by a time. KEYS[1] person. ARGV: member, the time (ms).
-- Returns 1; 0 when they connected later, -1 when they are not connected.
if redis.call('EXISTS', KEYS[1]) == 0 then return -1 end
if num(KEYS[1], 'gen') > tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], 'leaving', 1)
redis.call('HDEL', KEYS[1], 'wait')
demand(KEYS[1], ARGV[1], 0)
return 1

-- The link is made: from now on it is theirs. KEYS[1] index. ARGV: object id, mark. Returns 0 when it was lost.
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] .. ' ' .. ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
return 1

-- The link is made: from now on it is theirs. KEYS[1] index. ARGV: object id.
-- Returns 0 when it was lost: somebody else has it, or looks at its owner, because the claim was old.
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] and string.sub(held, 1, #ARGV[1] + 1) ~= ARGV[1] .. ' ' then return 0 end
if held and string.sub(held, #ARGV[1] + 2, #ARGV[1] + 2) == '?' then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
return 1

-- Takes what its owner has no right to any more. KEYS[1] index. ARGV: owner, object id, mark, TTL (s).
-- Returns 0 when it has changed since it was marked: then the owner, or somebody else, claims it.
if redis.call('GET', KEYS[1]) ~= ARGV[1] .. ' ?' .. ARGV[3] then return 0 end
redis.call('SET', KEYS[1], ARGV[2] .. ' ' .. ARGV[3], 'EX', ARGV[4])
return 1

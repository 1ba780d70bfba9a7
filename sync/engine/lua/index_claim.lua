-- Somebody is about to have this address or Zoom id; it ends by itself if nothing comes of it.
-- KEYS[1] index. ARGV: object id, mark of this claim, TTL (s), for how long (s) a claim is being carried out.
-- Returns {''} when it is theirs now. Else {owner} when it is somebody else's, who is looked at now under our mark
-- (index_take, index_spare), or {owner, 1} when that is just changing.
local held = redis.call('GET', KEYS[1])
local owner = held and string.match(held, '^[^ ]+')
if owner and owner ~= ARGV[1] then
  local ttl = redis.call('TTL', KEYS[1])
  if ttl >= 0 and tonumber(ARGV[3]) - ttl < tonumber(ARGV[4]) then return {owner, 1} end
end
if owner and owner ~= ARGV[1] then
  redis.call('SET', KEYS[1], owner .. ' ?' .. ARGV[2], 'EX', ARGV[3])
  return {owner}
end
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2], 'EX', ARGV[3])
return {''}

local held = redis.call('GET', index)
local owner = held and string.match(held, '^[^ ]+')
if owner and owner ~= member then
  local ttl = redis.call('TTL', index)
  if ttl >= 0 and INDEX_TTL - ttl < CLAIM_S then return {owner, 1} end
end
if owner and owner ~= member then
  redis.call('SET', index, owner .. ' ?' .. mark, 'EX', INDEX_TTL)
  return {owner}
end
redis.call('SET', index, member .. ' ' .. mark, 'EX', INDEX_TTL)
return {''}

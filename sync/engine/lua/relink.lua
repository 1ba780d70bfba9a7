local known = redis.call('HMGET', person, 'gen', 'leaving')
if tonumber(known[1] or '') ~= generation or known[2] then return {0} end
local former = redis.call('GET', link)
redis.call('SET', link, text)
redis.call('HSET', person, 'zoom', zoom_id, 'addr', addresses)
return {1, former}

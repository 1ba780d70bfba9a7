local held = redis.call('GET', index)
if held and held ~= member and string.sub(held, 1, #member + 1) ~= member .. ' ' then return 0 end
if held and string.sub(held, #member + 2, #member + 2) == '?' then return 0 end
redis.call('SET', index, member)
return 1

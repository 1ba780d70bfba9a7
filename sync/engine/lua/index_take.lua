if redis.call('GET', index) ~= owner .. ' ?' .. mark then return 0 end
redis.call('SET', index, member .. ' ' .. mark, 'EX', INDEX_TTL)
return 1

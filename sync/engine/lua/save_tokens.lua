if tonumber(redis.call('HGET', person, 'gen') or '') ~= generation or redis.call('EXISTS', tokens) == 0 then return 0 end
redis.call('SET', tokens, string.format('%.0f:', generation) .. sealed, 'KEEPTTL') -- of somebody who leaves: retire.lua
return 1

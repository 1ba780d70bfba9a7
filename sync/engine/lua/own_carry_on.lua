if redis.call('HGET', person, 'by') ~= ORGANISATION or redis.call('HEXISTS', person, 'leaving') == 1 then return 0 end
if num(person, 'own_until') <= now or redis.call('EXISTS', opt_out) == 1 then return 0 end
if by_ms and num(person, 'gen') > by_ms then return 0 end
local own = string.match(redis.call('GET', tokens) or '', '^%d+:(.*)$')
if not own then return 0 end
local gen = math.max(num(person, 'gen') + 1, now)
redis.call('SET', tokens, string.format('%.0f:', gen) .. own)
redis.call('HSET', person, 'gen', string.format('%.0f', gen))
redis.call('HDEL', person, 'by', 'own_until', 'tries', 'trouble', 'trouble_at', 'code', 'notified', 'wait')
demand(person, member, CHANGE)
return 1

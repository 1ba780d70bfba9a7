local ends = num(person, 'own_until')
if ends == 0 or ends > now and not at_once or redis.call('HGET', person, 'by') ~= ORGANISATION then return 0 end
redis.call('DEL', tokens)
redis.call('HDEL', person, 'own_until')
redis.call('PUBLISH', ERASED, 1)
return 1

if num(person, 'gen') ~= generation then return 0 end
if gone_ms and num(person, 'gone') ~= gone_ms then return 0 end
unplace(person, member)
redis.call('HDEL', parked, member)
unwatch(member)
redis.call('SREM', everybody, member)
redis.call('DEL', person, link, tokens)
forget_look_ups(look_ups)
redis.call('PUBLISH', ERASED, 1)
return 1

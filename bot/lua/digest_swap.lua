if (redis.call('HGET', digests, person) or '') ~= before then return 0 end
if after == '' then
  redis.call('HDEL', digests, person)
  redis.call('DEL', counted)
  return 1
end
redis.call('HSET', digests, person, after)
if counts then redis.call('SET', counted, counts, 'EX', DIGEST_KNOWN_TTL) end
return 1

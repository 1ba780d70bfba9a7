-- Somebody is about to have this address or Zoom id; it ends by itself if nothing comes of it.
-- KEYS[1] index. ARGV: object id, TTL (s). What is theirs already stays as it is.
if redis.call('GET', KEYS[1]) == ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1

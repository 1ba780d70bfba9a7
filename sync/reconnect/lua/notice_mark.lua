-- Replaces a field of a hash, if it still reads as it was read. KEYS[1] hash.
-- ARGV: field, before ('' absent), after ('' deletes), then fields and values that must hold.
-- Returns 1, or 0 when something changed meanwhile: then nothing is changed.
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then return 0 end
for i = 4, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], ARGV[i]) ~= ARGV[i + 1] then return 0 end
end
if ARGV[3] == '' then redis.call('HDEL', KEYS[1], ARGV[1])
else redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
return 1

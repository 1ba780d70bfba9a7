-- Keeps what was learned while the lease goes on. KEYS[1] person. ARGV: token, field, value, ... ('' deletes).
-- Returns 1, or 0 when the lease was lost: then nothing is changed.
if redis.call('HGET', KEYS[1], 'lease') ~= ARGV[1] then return 0 end
for i = 2, #ARGV, 2 do
  if ARGV[i + 1] == '' then redis.call('HDEL', KEYS[1], ARGV[i])
  else redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
end
return 1

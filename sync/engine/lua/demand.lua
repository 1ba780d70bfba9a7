-- Sets fields and plans the person anew. KEYS[1] person. ARGV: member, lane, field, value, ... ('' deletes).
-- Returns 1, or 0 when there is no such person.
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
for i = 3, #ARGV, 2 do
  if ARGV[i + 1] == '' then redis.call('HDEL', KEYS[1], ARGV[i])
  else redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
end
demand(KEYS[1], ARGV[1], tonumber(ARGV[2]))
return 1

-- Ends the lease. ARGV: member, token, version and generation that were planned, lane, due ('' none),
-- then field, value, ... Failures of an earlier link say nothing about the one that replaced it: then only
-- what is known of our session is kept.
-- Returns 1; 2 when something changed meanwhile and the person is due again at once; 0 when the lease
-- was lost: then nothing is changed, because another worker owns the person now.
if redis.call('HGET', KEYS[1], 'lease') ~= ARGV[2] then return 0 end
local session = {held = true, told = true, ['until'] = true, unsure = true,
  pref = true, pref_told = true, pref_until = true, pref_unsure = true}
local same_link = redis.call('HGET', KEYS[1], 'gen') == ARGV[4]
for i = 7, #ARGV, 2 do
  if not same_link and not session[ARGV[i]] then -- skipped
  elseif ARGV[i + 1] == '' then redis.call('HDEL', KEYS[1], ARGV[i])
  else redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
end
redis.call('HDEL', KEYS[1], 'lease', 'lease_end')
if num('ver') ~= tonumber(ARGV[3]) then
  place(ARGV[1], 0, math.max(now, num('wait')))
  wake()
  return 2
end
if ARGV[6] == '' then unplace(ARGV[1])
else place(ARGV[1], ARGV[5], math.max(tonumber(ARGV[6]), num('wait'))) end
return 1

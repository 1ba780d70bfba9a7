-- KEYS[6..] link and tokens. ARGV: member, generation. Forgets the person, unless they connected anew.
-- Returns 1 when something was erased.
if tostring(num('gen')) ~= ARGV[2] then return 0 end
unplace(ARGV[1])
redis.call('DEL', KEYS[1], KEYS[6], KEYS[7])
return 1

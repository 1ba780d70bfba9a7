-- KEYS[1] person, KEYS[2] tokens. ARGV: generation, sealed tokens.
-- Returns 0 when the link was replaced or removed meanwhile: a late refresh must not bring it back.
if redis.call('HGET', KEYS[1], 'gen') ~= ARGV[1] or redis.call('EXISTS', KEYS[2]) == 0 then return 0 end
redis.call('SET', KEYS[2], ARGV[1] .. ':' .. ARGV[2], 'KEEPTTL') -- of somebody who leaves: retire.lua
return 1

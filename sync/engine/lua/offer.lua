-- KEYS[1] person. ARGV: member, presence, at, interrupts (0/1), furthest ahead (ms), the Zoom id that the event
-- named ('' none), token and lease (ms) of a worker that takes the person at once ('' nobody), the address that
-- the event named ('' none). With neither name Zoom was asked about this very person.
-- Returns {outcome, now}, with the row as a third where the person was taken.
local known = redis.call('HMGET', KEYS[1], 'gen', 'leaving', 'zoom', 'obs_at', 'obs', 'trouble', 'lease_end', 'wait',
  'tries', 'test', 'addr')
local zoom = known[3] or ''
if not known[1] or known[2] then return {'not_connected', now} end
if ARGV[6] ~= '' and zoom ~= '' and zoom ~= ARGV[6] then return {'not_connected', now} end
local at = tonumber(ARGV[3])
if at > now + tonumber(ARGV[5]) then return {'future', now} end
local old_at, old = tonumber(known[4] or ''), known[5]
if old_at then
  if at == old_at and ARGV[2] == old then return {'repeat', now} end
  -- Newest wins; a tie is decided the same in any order of arrival.
  if at < old_at or (at == old_at and ARGV[2] < old) then return {'older', now} end
end
if ARGV[6] ~= '' or ARGV[9] ~= '' then
  -- An address is not enough, and one that is not known to be theirs speaks against an id.
  local odd = ARGV[9] ~= '' and not string.find(known[11] or '', '\n' .. ARGV[9] .. '\n', 1, true)
  if ARGV[6] == '' or zoom == '' or odd then return {'unproven', now} end
end
redis.call('HSET', KEYS[1], 'obs', ARGV[2], 'obs_at', ARGV[3], 'got', now)
if known[9] then redis.call('HDEL', KEYS[1], 'tries') end
if known[10] and ARGV[2] ~= old then redis.call('HDEL', KEYS[1], 'test') end
if known[6] == 'authorize' then -- nothing can be told until they connect again
  redis.call('HINCRBY', KEYS[1], 'ver', 1)
  return {'accepted', now}
end
local free = (tonumber(known[7] or '') or 0) <= now and (tonumber(known[8] or '') or 0) <= now
if ARGV[7] == '' or not free then
  demand(KEYS[1], ARGV[1], lane_for(KEYS[1], ARGV[4]))
  return {'accepted', now}
end
local lease_end = now + tonumber(ARGV[8])
redis.call('HINCRBY', KEYS[1], 'ver', 1)
if known[6] then redis.call('HDEL', KEYS[6], ARGV[1]) end
local row = lease(KEYS[1], ARGV[7], lease_end)
place(KEYS[1], ARGV[1], lane_for(KEYS[1], ARGV[4]), lease_end)
return {'accepted', now, row}

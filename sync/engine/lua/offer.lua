-- Into or out of Busy / Do not disturb goes first, and some of these overtake others (domain.step.overtakes).
local function place_for()
  local known = redis.call('HMGET', person, 'held', 'until')
  local held = (tonumber(known[2] or '') or 0) > now and known[1] or ''
  local ends = INTERRUPTING[held] and (SILENT[held] or not interrupts)
  local ahead = (SILENCES[presence] or ends) and OVERTAKES_MS or 0
  return (interrupts or INTERRUPTING[held]) and URGENT or CHANGE, ahead
end

local known = redis.call('HMGET', person, 'gen', 'leaving', 'zoom', 'obs_at', 'obs', 'trouble', 'lease_end', 'wait',
  'tries', 'test', 'addr', 'since')
local zoom = known[3] or ''
if not known[1] or known[2] then return {'not_connected', now} end
if zoom_id ~= '' and zoom ~= '' and zoom ~= zoom_id then return {'not_connected', now} end
if at_ms > now + AHEAD_LIMIT_MS then return {'future', now} end
local old_at, old = tonumber(known[4] or ''), known[5]
if old_at then
  if at_ms == old_at and presence == old then return {'repeat', now} end
  -- Newest wins; a tie is decided the same in any order of arrival.
  if at_ms < old_at or (at_ms == old_at and presence < old) then return {'older', now} end
end
if zoom_id ~= '' or address ~= '' then
  -- An address is not enough, and one that is not known to be theirs speaks against an id.
  local odd = address ~= '' and not string.find(known[11] or '', '\n' .. address .. '\n', 1, true)
  if zoom_id == '' or zoom == '' or odd then return {'unproven', now} end
end
local began = tonumber(known[12] or '')
local ended = began and old and old ~= presence and at_ms >= began
local lasted = ended and old .. ':' .. string.format('%.0f', at_ms - began) or ''
if old ~= presence or not began then redis.call('HSET', person, 'since', old == presence and old_at or at_ms) end
redis.call('HSET', person, 'obs', presence, 'obs_at', at_ms, 'got', now)
if known[9] then redis.call('HDEL', person, 'tries') end
-- What may come from Microsoft is compared with a look: at whoever is watched, the next one.
if ECHOES[presence] then redis.call('ZADD', watched, 'XX', 'LT', string.format('%.0f', now), member) end
if known[10] and presence ~= old then redis.call('HDEL', person, 'test') end
if known[6] == AUTHORIZE then -- nothing can be told until they connect again
  redis.call('HINCRBY', person, 'ver', 1)
  return {'accepted', now, lasted}
end
local free = (tonumber(known[7] or '') or 0) <= now and (tonumber(known[8] or '') or 0) <= now
if token == '' or not free then
  demand(person, member, place_for())
  return {'accepted', now, lasted}
end
local lease_end = now + lease_ms
redis.call('HINCRBY', person, 'ver', 1)
if known[6] then redis.call('HDEL', parked, member) end
local row = lease(person, token, lease_end)
place(person, member, (place_for()), lease_end)
return {'accepted', now, lasted, row}

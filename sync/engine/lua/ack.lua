-- Ends leases. KEYS[1] prefix. ARGV[1]: JSON, for each person [member, token, version and generation that were
-- planned, lane, due ('' none), {field: value ('' deletes)}]. Failures of an earlier link say nothing about the
-- one that replaced it: then only what is known of our session is kept.
-- Returns for each 1; 2 when something changed meanwhile and the person is due again at once; 0 when the lease
-- was lost: then nothing is changed, because another worker owns the person now.
local session = {held = true, told = true, ['until'] = true, unsure = true,
  pref = true, pref_told = true, pref_until = true, pref_unsure = true}

local function ack(member, token, version, generation, lane, due, changes)
  local key = KEYS[1] .. member
  local known = redis.call('HMGET', key, 'lease', 'gen', 'ver', 'wait', 'lane')
  if known[1] ~= token then return 0 end
  local same_link = known[2] == generation
  local set, gone, wait = {}, {'lease', 'lease_end'}, tonumber(known[4] or '') or 0
  for field, value in pairs(changes) do
    if not same_link and not session[field] then -- skipped
    elseif value == '' then gone[#gone + 1] = field
    else
      set[#set + 1] = field
      set[#set + 1] = value
    end
    if same_link and field == 'wait' then wait = tonumber(value) or 0 end
  end
  local changed, old = known[3] ~= version, known[5]
  if changed then lane, due = '0', now end
  if due == '' then
    if old then redis.call('ZREM', KEYS[2 + tonumber(old)], member) end
    gone[#gone + 1] = 'lane'
  else -- the same as `place`, in one write with the rest
    if old and old ~= lane then redis.call('ZREM', KEYS[2 + tonumber(old)], member) end
    redis.call('ZADD', KEYS[2 + tonumber(lane)], math.max(tonumber(due), wait), member)
    if old ~= lane then
      set[#set + 1] = 'lane'
      set[#set + 1] = lane
    end
  end
  if #set > 0 then redis.call('HSET', key, unpack(set)) end
  redis.call('HDEL', key, unpack(gone))
  if changed then
    wake(0)
    return 2
  end
  if due == '' then
    local trouble = redis.call('HMGET', key, 'trouble', 'trouble_at')
    if trouble[1] then redis.call('HSET', KEYS[6], member, (trouble[2] or now) .. ':' .. trouble[1]) end
  end
  return 1
end

local results = {}
for i, one in ipairs(cjson.decode(ARGV[1])) do
  results[i] = ack(one[1], one[2], one[3], one[4], one[5], one[6], one[7])
end
return results

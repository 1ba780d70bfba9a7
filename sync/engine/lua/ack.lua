local function ack(member, token, version, generation, lane, due, changes, look, asked)
  local key = prefix .. member
  local known = redis.call('HMGET', key, 'lease', 'gen', 'ver', 'wait', 'lane')
  if known[1] ~= token then return 0 end
  local same_link = known[2] == generation
  local set, gone, wait = {}, {'lease', 'lease_end'}, tonumber(known[4] or '') or 0
  for field, value in pairs(changes) do
    if not same_link and not HELD_FIELDS[field] then -- skipped
    elseif value == '' then gone[#gone + 1] = field
    else
      set[#set + 1] = field
      set[#set + 1] = value
    end
    if same_link and field == 'wait' then wait = tonumber(value) or 0 end
  end
  local changed, old = known[3] ~= version, known[5]
  if changed then lane, due = tostring(URGENT), now end
  if due == '' then
    if old then redis.call('ZREM', lanes[old + 1], member) end
    gone[#gone + 1] = 'lane'
  else -- the same as `place`, in one write with the rest
    if old and old ~= lane then redis.call('ZREM', lanes[old + 1], member) end
    redis.call('ZADD', lanes[lane + 1], math.max(tonumber(due), wait), member)
    if old ~= lane then
      set[#set + 1] = 'lane'
      set[#set + 1] = lane
    end
  end
  if #set > 0 then redis.call('HSET', key, unpack(set)) end
  redis.call('HDEL', key, unpack(gone))
  if changed then
    wake(URGENT)
    return 2
  end
  if look == '' then -- nothing is to be seen, and what was seen gets old
    unwatch(member)
    redis.call('HDEL', key, 'sight')
  elseif look and asked == 1 then
    watch(member, tonumber(look))
  elseif look and not redis.call('ZSCORE', watched, member) then
    watch_round(member, tonumber(look))
  end
  if due == '' then
    local trouble = redis.call('HMGET', key, 'trouble', 'trouble_at')
    if trouble[1] then redis.call('HSET', parked, member, (trouble[2] or now) .. ':' .. trouble[1]) end
  end
  return 1
end

local results = {}
for i, one in ipairs(cjson.decode(acks)) do
  results[i] = ack(one[1], one[2], one[3], one[4], one[5], one[6], one[7], one[8], one[9])
end
return results

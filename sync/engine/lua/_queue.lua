-- Shared head of the queue scripts (prepended to each). KEYS[1] is a person, or the prefix of the shard's
-- person keys; KEYS[2..5] the lanes, KEYS[6] who is parked (hash: person -> since and reason), KEYS[7] the lane
-- of which the workers were told that somebody became due, until one of them came to see.
-- The score of a person in a lane is the time at which they are due, or the end of the lease.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- sync.plan.EXPIRY_MIN: no session of ours lasts longer.
local LONGEST_SESSION = 3600000

local function num(key, field)
  return tonumber(redis.call('HGET', key, field) or '') or 0
end

local function place(key, member, lane, due)
  local old = redis.call('HGET', key, 'lane')
  if old and old ~= tostring(lane) then
    redis.call('ZREM', KEYS[2 + tonumber(old)], member)
  end
  redis.call('ZADD', KEYS[2 + tonumber(lane)], due, member)
  if old ~= tostring(lane) then redis.call('HSET', key, 'lane', lane) end
end

local function unplace(key, member)
  local old = redis.call('HGET', key, 'lane')
  if old then
    redis.call('ZREM', KEYS[2 + tonumber(old)], member)
    redis.call('HDEL', key, 'lane')
  end
end

-- Tell the workers in which shard somebody became due (channel: sync.store.keys.WAKE). Once: whoever comes for
-- that lane sees all who are due. A message that nobody hears makes others wait for a second at most.
local function wake(lane)
  local told = redis.call('GET', KEYS[7])
  if told and tonumber(told) <= lane then return end
  redis.call('SET', KEYS[7], lane, 'PX', 1000)
  redis.call('PUBLISH', 'pb:wake', tonumber(string.match(KEYS[2], '{(%d+)}')))
end

-- Hand a person to somebody; returns their row, nil when there is no such person. A lease that was never given
-- back is that of a worker that died, or was cut off, in the middle: it may have told Microsoft anything that we
-- know how to say. What it has accepted before is kept beside that (sync.store.person_row).
local function lease(key, token, lease_end)
  local row = redis.call('HGETALL', key)
  if #row == 0 then return nil end
  for i = 1, #row, 2 do
    if row[i] == 'lease' then
      local known = redis.call('HMGET', key, 'held', 'told', 'until', 'unsure')
      local before = known[4] or '-'
      if not known[1] then
        redis.call('HSET', key, 'held', 'Busy/InACall', 'told', now)
      elseif not known[4] and known[2] and known[3] then
        before = known[1] .. ' ' .. known[2] .. ' ' .. known[3]
      end
      redis.call('HSET', key, 'unsure', before, 'until', math.max(num(key, 'until'), now + LONGEST_SESSION))
      row = redis.call('HGETALL', key)
      break
    end
  end
  redis.call('HSET', key, 'lease', token, 'lease_end', lease_end)
  return row
end

-- Something about the person changed: plan them anew, now, or when their lease ends.
local function demand(key, member, lane)
  redis.call('HINCRBY', key, 'ver', 1)
  redis.call('HDEL', KEYS[6], member)
  if num(key, 'lease_end') > now then
    return 0 -- whoever has them finds the new version when they give them back
  end
  local due = math.max(now, num(key, 'wait'))
  local old = redis.call('ZSCORE', KEYS[2 + lane], member)
  if old and tonumber(old) < due then due = tonumber(old) end -- who waits keeps their place
  place(key, member, lane, due)
  wake(lane)
  return 1
end

-- Into or out of Busy / Do not disturb goes first.
local function lane_for(key, interrupts)
  if interrupts == '1' then return 0 end
  local known = redis.call('HMGET', key, 'held', 'until')
  local held = known[1] or ''
  if (tonumber(known[2] or '') or 0) > now and (string.sub(held, 1, 4) == 'Busy' or string.sub(held, 1, 3) == 'DoN') then
    return 0
  end
  return 1
end

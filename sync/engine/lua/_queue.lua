-- What the scripts of the queue share (sync.engine.scripts.QUEUE). The score of a person in a lane is the time at
-- which they are due, or the end of the lease.
local function num(key, field)
  return tonumber(redis.call('HGET', key, field) or '') or 0
end

local function place(key, member, lane, due)
  local old = redis.call('HGET', key, 'lane')
  if old and old ~= tostring(lane) then
    redis.call('ZREM', lanes[old + 1], member)
  end
  redis.call('ZADD', lanes[lane + 1], due, member)
  if old ~= tostring(lane) then redis.call('HSET', key, 'lane', lane) end
end

-- How often somebody was looked up: the counts of every day that may still be there.
local function forget_look_ups(key)
  if redis.call('DEL', key) == 0 then return end
  local today = math.floor(now / 86400000)
  for day = today - LOOK_UP_DAYS, today + 1 do
    redis.call('DEL', key .. ':' .. string.format('%.0f', day))
  end
end

local function unplace(key, member)
  local old = redis.call('HGET', key, 'lane')
  if old then
    redis.call('ZREM', lanes[old + 1], member)
    redis.call('HDEL', key, 'lane')
  end
end

-- Have Microsoft asked at a time (whole ms; one that is past: now) what it shows of somebody, and have them planned
-- anew after that, whatever it is.
local function watch(member, at)
  redis.call('ZADD', watched, string.format('%.0f', math.max(at, now)), member)
end

-- Look at somebody in the reader's rounds, at a time at the latest: they are planned anew only if something else
-- is shown than is kept.
local function watch_round(member, at)
  redis.call('ZADD', watched, 'LT', string.format('%.1f', math.max(at, now) + 0.5), member)
end

local function unwatch(member)
  redis.call('ZREM', watched, member)
end

-- Tell the workers in which shard somebody became due. Once: whoever comes for
-- that lane sees all who are due. A message that nobody hears makes others wait for a second at most.
local function wake(lane)
  local told = redis.call('GET', woken)
  if told and tonumber(told) <= lane then return end
  redis.call('SET', woken, lane, 'PX', WOKEN_MS)
  redis.call('PUBLISH', WAKE, tonumber(string.match(lanes[1], '{(%d+)}')))
end

-- Hand a person to somebody; returns their row, nil when there is no such person. A lease that was never given
-- back is that of a worker that died, or was cut off, in the middle: it may have told Microsoft anything that we
-- know how to say. What it has accepted before is kept beside that (sync.engine.person_row).
local function lease(key, token, lease_end)
  local row = redis.call('HGETALL', key)
  if #row == 0 then return nil end
  for i = 1, #row, 2 do
    if row[i] == 'lease' then
      local known = redis.call('HMGET', key, 'held', 'told', 'until', 'unsure')
      local before = known[4] or '-'
      if not known[1] then
        redis.call('HSET', key, 'held', IN_A_CALL, 'told', now)
      elseif not known[4] and known[2] and known[3] then
        before = known[1] .. ' ' .. known[2] .. ' ' .. known[3]
      end
      redis.call('HSET', key, 'unsure', before, 'until', math.max(num(key, 'until'), now + LONGEST_SESSION_MS))
      row = redis.call('HGETALL', key)
      break
    end
  end
  redis.call('HSET', key, 'lease', token, 'lease_end', lease_end)
  return row
end

-- Something about the person changed: plan them anew, now, or when their lease ends. They stand before whoever has
-- waited for less than `ahead` ms.
local function demand(key, member, lane, ahead)
  redis.call('HINCRBY', key, 'ver', 1)
  redis.call('HDEL', parked, member)
  if num(key, 'lease_end') > now then
    return 0 -- whoever has them finds the new version when they give them back
  end
  local due = math.max(now, num(key, 'wait'))
  if due == now then due = now - (ahead or 0) end
  local old = redis.call('ZSCORE', lanes[lane + 1], member)
  if old and tonumber(old) < due then due = tonumber(old) end -- who waits keeps their place
  place(key, member, lane, due)
  wake(lane)
  return 1
end

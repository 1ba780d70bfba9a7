-- Shared head of the queue scripts (prepended to each; KEYS[1] is the person, KEYS[2..5] the lanes).
-- The score of a person in a lane is the time at which they are due, or the end of the lease.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function num(field)
  return tonumber(redis.call('HGET', KEYS[1], field) or '') or 0
end

local function place(member, lane, due)
  local old = redis.call('HGET', KEYS[1], 'lane')
  if old and old ~= tostring(lane) then
    redis.call('ZREM', KEYS[2 + tonumber(old)], member)
  end
  redis.call('ZADD', KEYS[2 + tonumber(lane)], due, member)
  redis.call('HSET', KEYS[1], 'lane', lane)
end

local function unplace(member)
  local old = redis.call('HGET', KEYS[1], 'lane')
  if old then
    redis.call('ZREM', KEYS[2 + tonumber(old)], member)
    redis.call('HDEL', KEYS[1], 'lane')
  end
end

-- Tell the workers in which shard somebody became due (channel: sync.store.keys.WAKE).
local function wake()
  redis.call('PUBLISH', 'pb:wake', tonumber(string.match(KEYS[2], '{(%d+)}')))
end

-- Something about the person changed: plan them anew, now, or when their lease ends.
local function demand(member, lane)
  redis.call('HINCRBY', KEYS[1], 'ver', 1)
  wake()
  if num('lease_end') > now then
    return 0
  end
  place(member, lane, math.max(now, num('wait')))
  return 1
end

-- Into or out of Busy / Do not disturb goes first.
local function lane_for(interrupts)
  if interrupts == '1' then return 0 end
  local held = redis.call('HGET', KEYS[1], 'held') or ''
  if num('until') > now and (string.sub(held, 1, 4) == 'Busy' or string.sub(held, 1, 3) == 'DoN') then
    return 0
  end
  return 1
end

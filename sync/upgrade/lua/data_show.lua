-- Nothing is believed of a contract that can't be read, and nothing is written beside rows of others.
if redis.call('EXISTS', contract) == 0 then
  if found == 0 then return {0, 0, 0, ''} end
  redis.call('HSET', contract, 'newest', found, 'oldest', reads_from, 'by', release)
end
local newest = tonumber(redis.call('HGET', contract, 'newest') or '')
local oldest = tonumber(redis.call('HGET', contract, 'oldest') or '')
local by = redis.call('HGET', contract, 'by') or ''
if not newest or not oldest then return {-1, -1, 0, by} end
if newest > version or oldest < reads_from then return {newest, oldest, 0, by} end

local last = tonumber(redis.call('ZSCORE', processes, member) or '')
redis.call('ZADD', processes, now, member)
redis.call('PEXPIRE', processes, KEPT_MS)
local steady = last and last <= now and now - last <= GONE_MS

local before = newest
newest = math.max(newest, known) -- what was raised before a fail-over that lost it
if steady and wanted > newest then
  redis.call('ZREMRANGEBYSCORE', processes, '-inf', now - GONE_MS)
  local lowest = wanted
  for _, each in ipairs(redis.call('ZRANGE', processes, 0, -1)) do
    lowest = math.min(lowest, tonumber(string.match(each, '^(%d+) ') or '0'))
  end
  newest = math.max(newest, lowest)
end
if newest > before then redis.call('HSET', contract, 'newest', newest, 'by', release) end
return {newest, oldest, steady and 1 or 0, by}

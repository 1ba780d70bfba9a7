local function news(chat, what, sent_ms, kept_s, where)
  if what == 'moved' then -- for as long as it was kept
    if redis.call('EXISTS', chat) == 1 then redis.call('HSET', chat, 'where', where) end
    return 0
  end
  local at = math.min(sent_ms or now, now)
  if at <= 0 then at = now end -- no clock of ours
  local known = tonumber(redis.call('HGET', chat, 'at') or '')
  if known and at < known and known - at <= LATEST_MS then return 0 end
  if what == 'removed' then
    redis.call('DEL', chat)
    return at
  end
  local there, left = what == 'there', redis.call('TTL', chat) -- of none: -2
  if there then
    redis.call('HSET', chat, 'where', where, 'at', at)
  elseif left == -2 then
    return at
  else
    redis.call('HSET', chat, 'at', at)
  end
  redis.call('EXPIRE', chat, kept_s)
  return there and kept_s - left >= 3600 and -at or at
end

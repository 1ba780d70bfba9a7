local changed = 0
for member, score in pairs(read) do
  local at = redis.call('ZSCORE', watched, member)
  if at and tonumber(at) == tonumber(score) then
    if redis.call('EXISTS', prefix .. member) == 0 then
      redis.call('ZREM', watched, member)
    else
      redis.call('ZADD', watched, later[member] or string.format('%.1f', next_ms + 0.5), member)
    end
    changed = changed + 1
  end
end
return changed

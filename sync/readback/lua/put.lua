local changed = 0
for member, score in pairs(kept) do
  local found = redis.call('ZSCORE', watched, member)
  if found and tonumber(found) == tonumber(score) then
    redis.call('ZADD', watched, at[member], member)
    changed = changed + 1
  end
end
return changed

local found = 0
for _, member in ipairs(members) do
  local key = prefix .. member
  if redis.call('EXISTS', key) == 1 then
    demand(key, member, CHANGE)
    found = found + 1
  end
end
return found

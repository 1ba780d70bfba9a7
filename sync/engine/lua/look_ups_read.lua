local found = {}
if redis.call('EXISTS', look_ups) == 0 then return found end
for day = first, last do
  local name = string.format('%.0f', day)
  local counts = redis.call('HGETALL', look_ups .. ':' .. name)
  for at = 1, #counts, 2 do
    found[#found + 1] = name
    found[#found + 1] = counts[at]
    found[#found + 1] = counts[at + 1]
  end
end
return found

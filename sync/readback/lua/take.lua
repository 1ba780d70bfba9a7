local found = redis.call('ZRANGEBYSCORE', watched, '-inf', now_ms, 'WITHSCORES', 'LIMIT', 0, at_most)
if #found == 0 then return found end
local round, asked = string.format('%.2f', next_ms + 0.5), string.format('%.2f', next_ms + 0.25)
local moved, people = {}, {}
for i = 1, #found, 2 do
  local member, at = found[i], found[i + 1]
  moved[i] = string.sub(at, -2) == '.5' and round or asked
  moved[i + 1] = member
  local known = {member, at}
  if (tonumber(string.sub(member, -4), 16) or 0) < counted then
    local row = redis.call('HMGET', prefix .. member, 'as', 'obs', 'held', 'until', 'lesson', 'got', 'told', 'wrote', 'lease')
    known[3], known[4] = '', '0'
    if row[1] and row[2] and not row[9] then
      local held = row[3] and (tonumber(row[4] or '') or 0) > now_ms and row[3] or ''
      local hidden = row[5] and string.match(row[5], '^hidden %d %d+ (%a*)$') or ''
      known[3] = row[1] .. '|' .. row[2] .. '|' .. held .. '|' .. hidden
      local since = math.max(tonumber(row[6] or '') or 0, tonumber(row[7] or '') or 0, tonumber(row[8] or '') or 0)
      known[4] = string.format('%.0f', since)
    end
  end
  people[#people + 1] = known
end
redis.call('ZADD', watched, unpack(moved))
return people

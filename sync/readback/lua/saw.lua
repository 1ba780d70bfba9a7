local results = {}
for member, words in pairs(shown) do
  local key = prefix .. member
  local known = redis.call('HMGET', key, 'gen', 'leaving', 'told', 'wrote', 'pref_told', 'held', 'unsure', 'sight', 'lane')
  local told = tonumber(known[3] or '') or 0
  local held = known[6] and not known[7] and known[6] or ''
  local verdict = 1
  if not known[1] or known[2] then
    unwatch(member)
    verdict = 0
  else
    local last = math.max(told, tonumber(known[4] or '') or 0, tonumber(known[5] or '') or 0)
    local before = known[8] and string.match(known[8], '^(.*)@%d+$')
    if last > 0 and sent_ms < last + settle_ms then
      verdict = last + settle_ms
    elseif asked[member] or before ~= words then
      redis.call('HSET', key, 'sight', words .. '@' .. string.format('%.0f', sent_ms))
      -- Who waits in a more urgent lane keeps their place there.
      local lane = tonumber(known[9] or '') or CHANGE
      local due = lane < CHANGE and tonumber(redis.call('ZSCORE', lanes[lane + 1], member) or '')
      demand(key, member, due and due <= now and lane or CHANGE)
    end
  end
  results[#results + 1] = {member, verdict, told, held}
end
return results

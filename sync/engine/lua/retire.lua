if redis.call('HEXISTS', person, 'leaving') == 0 then return false end
for _, name in ipairs(redis.call('HKEYS', person)) do
  if not NEEDED[name] then redis.call('HDEL', person, name) end
end
forget_look_ups(look_ups)
if redis.call('DEL', link) == 1 then redis.call('PUBLISH', ERASED, 1) end
local left = redis.call('PTTL', tokens)
if left == -1 or redis.call('HEXISTS', person, 'by') == 1 then -- else they were told until when
  local ends = math.max(num(person, 'until'), num(person, 'pref_until'), num(person, 'old_until'))
  local held_by = redis.call('HGET', person, 'lease')
  if held_by and held_by ~= token then ends = math.max(ends, now + LONGEST_SESSION_MS) end
  left = math.max(ends - now, 1)
  redis.call('PEXPIRE', tokens, left)
end
return now + math.max(left, 0)

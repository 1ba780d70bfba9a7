local last = tonumber(redis.call('HGET', consent, 'asked') or '')
if last and last > asked_ms then return false end -- somebody asked later, and knows more
local before = redis.call('HGET', consent, 'row') or ''
if before == instead then redis.call('HSET', consent, 'asked', asked_ms, 'row', row) end
return before

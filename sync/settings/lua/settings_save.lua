-- Compare and set, with the audit entries in the same step: no change without its record.
-- KEYS[1] settings, KEYS[2] audit. ARGV: expected version, channel, audit entries kept (about),
-- number of rows, field, value ('' deletes), ..., audit entry, ...
-- Returns {1, new version}; {0, version} when somebody else was first: then nothing is changed.
local version = tonumber(redis.call('HGET', KEYS[1], 'version') or '') or 0
if version ~= tonumber(ARGV[1]) then return {0, version} end
local last = 4 + 2 * tonumber(ARGV[4])
for i = 5, last, 2 do
  if ARGV[i + 1] == '' then redis.call('HDEL', KEYS[1], ARGV[i])
  else redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
end
version = version + 1
redis.call('HSET', KEYS[1], 'version', version)
for i = last + 1, #ARGV do
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], '*', 'entry', ARGV[i])
end
redis.call('PUBLISH', ARGV[2], version)
return {1, version}

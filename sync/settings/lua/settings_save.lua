local version = tonumber(redis.call('HGET', settings, 'version') or '') or 0
if version ~= expected then return {0, version} end
for field, value in pairs(rows) do
  if value == '' then redis.call('HDEL', settings, field)
  else redis.call('HSET', settings, field, value) end
end
version = version + 1
redis.call('HSET', settings, 'version', version)
for _, entry in ipairs(entries) do
  redis.call('XADD', audit, 'MAXLEN', '~', AUDIT_KEPT, '*', 'entry', entry)
end
redis.call('PUBLISH', SETTINGS_CHANGED, version)
return {1, version}

-- KEYS[1] index. Returns {object id ('' nobody), TTL (s; -1 none)}.
return {string.match(redis.call('GET', KEYS[1]) or '', '^[^ ]*'), redis.call('TTL', KEYS[1])}

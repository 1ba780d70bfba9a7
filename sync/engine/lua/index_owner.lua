return {string.match(redis.call('GET', index) or '', '^[^ ]*'), redis.call('TTL', index)}

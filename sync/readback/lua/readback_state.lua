return {now, redis.call('HGETALL', state)}

if not redis.call('SET', seen, '1', 'NX', 'EX', SEEN_TTL) then return nil end
return news(chat, 'there', sent_ms, REFERENCE_TTL, where)

return news(chat, what, sent_ms, kept_s, where)

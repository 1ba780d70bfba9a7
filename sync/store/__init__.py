"""Everything we keep in Redis: keys, scripts, and the vault that encrypts tokens."""

"""Lengths of time in milliseconds, as times are throughout. Pure."""

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR

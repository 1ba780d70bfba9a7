"""Cards for people."""

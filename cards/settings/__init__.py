"""Cards for admins."""

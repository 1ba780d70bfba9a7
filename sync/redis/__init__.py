"""The connection, the keys, the scripts, the leases."""

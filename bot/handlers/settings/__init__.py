"""What admins say and click."""

"""What admins decided, as stored and carried out."""

"""The morning digest for admins who ask for it."""

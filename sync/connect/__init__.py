"""A person's authorisation, kept and renewed."""

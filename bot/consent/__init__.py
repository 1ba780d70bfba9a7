"""Asking for the organisation's consent: an address that may be sent on, and what comes of it."""

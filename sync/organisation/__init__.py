"""What the organisation allows the app: its consent, and the token that comes of it."""

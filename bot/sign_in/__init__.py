"""The browser's half of the sign-in, and the public pages."""

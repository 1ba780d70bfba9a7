"""Inviting people, and who has the app."""

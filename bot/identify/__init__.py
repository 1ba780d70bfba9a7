"""Somebody says who they are by signing in, and nothing more is asked for: a list, a role, a no."""

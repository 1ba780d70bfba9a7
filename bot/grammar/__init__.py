"""Typed words to commands."""

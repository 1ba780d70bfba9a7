"""Adaptive Cards: data in, card JSON out. Pure; imports nothing of ours."""

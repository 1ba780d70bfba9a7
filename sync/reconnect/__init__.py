"""Telling people whose authorisation ended."""

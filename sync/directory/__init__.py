"""Zoom's users and groups, mirrored."""

"""Every channel on which processes tell each other that something has changed."""

WAKE = "pb:wake"
"""A shard number whose queue has changed."""
SETTINGS_CHANGED = "pb:settings"
"""The new version of the settings."""
ERASED = "pb:erased"
"""Something of a person was erased: the owner of an embedded Redis has its file rewritten."""

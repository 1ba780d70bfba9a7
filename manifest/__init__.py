"""The Teams app manifest, its icons, and the package builder."""

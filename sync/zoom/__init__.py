"""The Zoom side: signature and events (pure), webhook and API (edges)."""

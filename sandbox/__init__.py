"""Stand-ins for Entra, Graph and Zoom, with a web panel. Used by `make run` and by tests only."""

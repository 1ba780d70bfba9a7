"""Is what Microsoft shows what Zoom says? A working day of an organisation, simulated by events."""

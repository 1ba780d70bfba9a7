"""Data versions: which rows every process can read (CONTRIBUTING.md, docs/operate.md)."""

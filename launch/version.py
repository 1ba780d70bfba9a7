"""Which release this is: in pyproject.toml, too (tests.upgrade.release sets both)."""

VERSION = "0.2.0"

"""How many examples a test tries that has a number of its own."""

from hypothesis import settings

_USUAL = 50
"""Of the profile `many` (tests/conftest.py)."""


def examples(usually: int) -> int:
    """As many, or the part of them that the profile in force wants (`EXAMPLES=quick`: a third)."""
    return max(1, usually * settings().max_examples // _USUAL)

"""The script of what is sealed."""

from sync.redis.keys import Key
from sync.redis.scripts import script


@script()
def reseal(*, sealed: Key, before: str, after: str) -> bool:
    """Replace a value if it still reads as it was read. When it ends stays."""

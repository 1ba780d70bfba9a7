"""Scripts of sign-in attempts."""

from sync.redis.keys import Key
from sync.redis.scripts import script


@script()
def sign_in_first(*, attempt: Key, field: str, value: str, ttl_s: int | None) -> str | None:
    """Set a field unless it is set, and then from now on the time to live; the value that it has.

    None when there is no such attempt, or it is over.
    """


@script()
def sign_in_end(*, attempt: Key, why: str) -> bool:
    """End an attempt: what was known of the person leaves, why it ended stays until its time is up.

    False: there was none to end.
    """

"""Scripts of the settings and their history."""

from collections.abc import Mapping, Sequence

from sync.redis import channels, keys
from sync.redis.keys import Key
from sync.redis.scripts import CLOCK, script


@script()
def settings_first(*, settings: Key, audit: Key, account: str, entry: str) -> bool:
    """Keep the account's form of a new installation. False when there are settings already."""


@script(
    constants={"SETTINGS_CHANGED": channels.SETTINGS_CHANGED, "AUDIT_KEPT": keys.AUDIT_KEPT},
)
def settings_save(
    *,
    settings: Key,
    audit: Key,
    expected: int,
    rows: Mapping[str, str | int],
    entries: Sequence[str],
) -> list[int]:
    """Compare and set ("" deletes), with the entries in the same step: no change unrecorded.

    Returns 1 and the new version; 0 and the version when somebody else was first: then nothing is
    changed.
    """


@script(head=CLOCK)
def settings_note(*, log: Key, kept: int, first: int, entry: str) -> str:
    """Record what changes no settings. About `kept` entries stay.

    `first`: where numbers within a millisecond begin.
    """

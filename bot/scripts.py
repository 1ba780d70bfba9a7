"""The scripts of conversations."""

from pathlib import Path
from typing import Literal

from sync.redis import keys
from sync.redis.keys import Key
from sync.redis.scripts import CLOCK, Head, script

LATEST_MS = 3_600_000
"""No activity is delivered later than this: its token would have ended."""

News = Literal["there", "doubted", "removed", "moved"]


_NEWS = Head(
    Path(__file__).parent / "lua" / "_news.lua", constants={"LATEST_MS": LATEST_MS}, after=CLOCK
)


@script(head=_NEWS)
def chat_news(*, chat: Key, what: News, sent_ms: int | None, kept_s: int, where: str) -> int:
    """News of a person's chat, which was sent by a time.

    Returns when it was; 0 when it is no news: it was sent before what is known. Negative for
    `there` after an hour at least, after `doubted`, or for the first time. Times further apart than
    any delivery is late are of two clocks; then what comes last holds.
    """


@script(head=_NEWS, constants={"SEEN_TTL": keys.SEEN_TTL, "REFERENCE_TTL": keys.REFERENCE_TTL})
def arrive(*, seen: Key, chat: Key, sent_ms: int | None, where: str) -> int | None:
    """An activity came from a person's own chat: `chat_news` of `there`. None: it came before."""


@script(constants={"DIGEST_KNOWN_TTL": keys.DIGEST_KNOWN_TTL})
def digest_swap(
    *, digests: Key, counted: Key, person: str, before: str, after: str, counts: str | None
) -> bool:
    """Keep an admin's digest as `after` (empty: no longer), and whom it `counts` if that changes.

    False: it is not as `before` (empty: none) any more, and nothing was changed.
    """

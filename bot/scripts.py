"""The script of conversations."""

from typing import Literal

from sync.redis.keys import Key
from sync.redis.scripts import CLOCK, script

LATEST_MS = 3_600_000
"""No activity is delivered later than this: its token would have ended."""

News = Literal["there", "doubted", "removed", "moved"]


@script(head=CLOCK, constants={"LATEST_MS": LATEST_MS})
def chat_news(*, chat: Key, what: News, sent_ms: int | None, kept_s: int, where: str) -> int:
    """News of a person's chat, which was sent by a time.

    Returns when it was; 0 when it is no news: it was sent before what is known. Negative for
    `there` after an hour at least, after `doubted`, or for the first time. Times further apart than
    any delivery is late are of two clocks; then what comes last holds.
    """

"""What the reader saw of everybody last, in little memory. Pure.

For each person 16 bytes of their id, and one number: when they were looked at (seconds), which of
a few dozen pairs of words was seen, and whether they were missing from the last answer.
"""

from __future__ import annotations

from typing import Final, NamedTuple

MOST_CLASSES: Final = 1000
"""Microsoft has some dozens of pairs. A pair beyond these is kept as one that says nothing."""
AT_ONCE: Final = 5_000
"""How many are counted in one go: a millisecond or two."""
_CLASS_BITS: Final = 10
_CLASS: Final = (1 << _CLASS_BITS) - 1
NOTHING: Final = "/"
"""Words that say nothing."""
UNSEEN: Final = ""
"""In their place, of somebody who was never answered so far."""


class Last(NamedTuple):
    """What was seen of somebody; `missing`: not the last time, when they were left out."""

    words: str
    missing: bool


class Seen:
    """What was seen of whom."""

    def __init__(self) -> None:
        self._people: dict[bytes, int] = {}
        self._words = [NOTHING, UNSEEN]
        self._classes = {NOTHING: 0, UNSEEN: 1}
        self._uncounted: list[bytes] = []
        self._so_far = 0
        self.recent = 0
        """The last whole count."""

    def __len__(self) -> int:
        return len(self._people)

    def of(self, object_id: str) -> Last | None:
        """What is known of somebody; None: nothing."""
        kept = self._people.get(_key(object_id))
        if kept is None:
            return None
        return Last(self._words[(kept >> 1) & _CLASS], bool(kept & 1))

    def see(self, object_id: str, words: str, at_ms: int) -> bool:
        """Whether the same was seen of somebody last; then the time is kept, and no more."""
        key = _key(object_id)
        kept, known = self._people.get(key), self._classes.get(words)
        if kept is None or known is None or (kept >> 1) & _CLASS != known:
            return False
        self._people[key] = (((at_ms // 1000) << _CLASS_BITS) | known) << 1
        return True

    def keep(self, object_id: str, words: str, at_ms: int, *, missing: bool = False) -> None:
        """Keep what was seen of somebody at a time (epoch ms)."""
        known = self._classes.get(words)
        if known is None:
            known = 0
            if len(self._words) < MOST_CLASSES:
                known = self._classes[words] = len(self._words)
                self._words.append(words)
        at_s = at_ms // 1000
        self._people[_key(object_id)] = (((at_s << _CLASS_BITS) | known) << 1) | missing

    def told(self, words: str) -> str:
        """The words as they are kept: NOTHING for a pair beyond MOST_CLASSES."""
        full = len(self._words) >= MOST_CLASSES
        return words if words in self._classes or not full else NOTHING

    def forget(self, object_id: str) -> None:
        """Nothing is known of somebody any more."""
        self._people.pop(_key(object_id), None)

    def clear(self) -> None:
        """Nothing is known of anybody any more."""
        self._people.clear()
        self._uncounted.clear()

    def count(self, since_ms: int, *, forget_ms: int) -> int:
        """How many were looked at since a time, as the last whole count says.

        Each call counts AT_ONCE more: nobody waits for 200,000. Who was not looked at since
        `forget_ms`, is forgotten.
        """
        if not self._uncounted:
            self._so_far = 0
            self._uncounted = list(self._people)
        first, last = since_ms // 1000, forget_ms // 1000
        for key in self._uncounted[-AT_ONCE:]:
            kept = self._people.get(key)
            if kept is not None:
                at = kept >> (_CLASS_BITS + 1)
                self._so_far += at >= first
                if at < last:
                    del self._people[key]
        del self._uncounted[-AT_ONCE:]
        if not self._uncounted:
            self.recent = self._so_far
        return self.recent


def _key(object_id: str) -> bytes:
    try:
        return bytes.fromhex(object_id.replace("-", ""))
    except ValueError:
        return object_id.encode()

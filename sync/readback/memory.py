"""What the reader saw of everybody last, in little memory. Pure.

For each person 16 bytes of their id, and one number: when they were looked at (seconds), which of
a few dozen pairs of words was seen, how that fits what should be shown (sync.readback.agreement),
and whether they were missing from the last answer.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from sync.readback.agreement import CODES, NOT_COUNTED

MOST_CLASSES: Final = 1000
"""Microsoft has some dozens of pairs. A pair beyond these is kept as one that says nothing."""
AT_ONCE: Final = 5_000
"""How many are counted in one go: a millisecond or two."""
_CLASS_BITS: Final = 10
_CLASS: Final = (1 << _CLASS_BITS) - 1
_CODE_BITS: Final = (CODES - 1).bit_length()
_CODE: Final = CODES - 1
_CLASS_AT: Final = 1 + _CODE_BITS
_TIME_AT: Final = _CLASS_AT + _CLASS_BITS
NOTHING: Final = "/"
"""Words that say nothing."""
UNSEEN: Final = ""
"""In their place, of somebody who was never answered so far."""


class Last(NamedTuple):
    """What was seen of somebody; `missing`: not the last time, when they were left out."""

    words: str
    missing: bool


class Counted(NamedTuple):
    """A whole count: people looked at lately, those within the window, and these by code."""

    seen: int = 0
    looked: int = 0
    codes: tuple[int, ...] = (0,) * CODES


class Seen:
    """What was seen of whom."""

    def __init__(self) -> None:
        self._people: dict[bytes, int] = {}
        self._words = [NOTHING, UNSEEN]
        self._classes = {NOTHING: 0, UNSEEN: 1}
        self._uncounted: list[bytes] = []
        self._so_far = self._looked = 0
        self._by_code = [0] * CODES
        self.counted = Counted()
        """The last whole count."""

    def __len__(self) -> int:
        return len(self._people)

    def of(self, object_id: str) -> Last | None:
        """What is known of somebody; None: nothing."""
        kept = self._people.get(_key(object_id))
        if kept is None:
            return None
        return Last(self._words[(kept >> _CLASS_AT) & _CLASS], bool(kept & 1))

    def see(self, object_id: str, words: str, at_ms: int) -> bool:
        """Whether the same was seen of somebody last; then the time is kept, and no more."""
        key = _key(object_id)
        kept, known = self._people.get(key), self._classes.get(words)
        if kept is None or known is None or (kept >> _CLASS_AT) & _CLASS != known:
            return False
        code = kept & (_CODE << 1)
        self._people[key] = ((((at_ms // 1000) << _CLASS_BITS) | known) << _CLASS_AT) | code
        return True

    def keep(self, object_id: str, words: str, at_ms: int, *, missing: bool = False) -> None:
        """Keep what was seen of somebody at a time (epoch ms)."""
        known = self._classes.get(words)
        if known is None:
            known = 0
            if len(self._words) < MOST_CLASSES:
                known = self._classes[words] = len(self._words)
                self._words.append(words)
        key = _key(object_id)
        code = self._people.get(key, 0) & (_CODE << 1)
        time_and_class = ((at_ms // 1000) << _CLASS_BITS) | known
        self._people[key] = (time_and_class << _CLASS_AT) | code | missing

    def miss(self, object_id: str, at_ms: int) -> bool:
        """Whether somebody is left out for the first time: they may be there the next time."""
        before = self.of(object_id)
        if before is not None and before.missing:
            return False
        self.keep(object_id, UNSEEN if before is None else before.words, at_ms, missing=True)
        return True

    def code(self, object_id: str) -> int:
        """How what was seen of somebody last fits (sync.readback.agreement)."""
        return (self._people.get(_key(object_id), NOT_COUNTED) >> 1) & _CODE

    def judge(self, object_id: str, code: int) -> None:
        """Keep how what was seen of somebody fits; nothing, if nothing was seen."""
        key = _key(object_id)
        kept = self._people.get(key)
        if kept is not None:
            self._people[key] = (kept & ~(_CODE << 1)) | (code << 1)

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
        self.counted = Counted()

    def forget_codes(self) -> None:
        """How what was seen fits is not known of anybody."""
        for key, kept in self._people.items():
            self._people[key] = kept & ~(_CODE << 1)

    def count(self, since_ms: int, *, window_ms: int, forget_ms: int) -> bool:
        """Count how many were looked at since a time, and how it fits since `window_ms` (epoch).

        Each call counts AT_ONCE more: nobody waits for 200,000. Whether that was the last of a
        whole count, which is in `counted` then. Who was not looked at since `forget_ms`, is
        forgotten.
        """
        if not self._uncounted:
            self._so_far = self._looked = 0
            self._by_code = [0] * CODES
            self._uncounted = list(self._people)
        first, lately, last = since_ms // 1000, window_ms // 1000, forget_ms // 1000
        for key in self._uncounted[-AT_ONCE:]:
            kept = self._people.get(key)
            if kept is not None:
                at = kept >> _TIME_AT
                self._so_far += at >= first
                if at >= lately:
                    self._looked += 1
                    self._by_code[(kept >> 1) & _CODE] += 1
                if at < last:
                    del self._people[key]
        del self._uncounted[-AT_ONCE:]
        if self._uncounted:
            return False
        self.counted = Counted(self._so_far, self._looked, tuple(self._by_code))
        return True


def _key(object_id: str) -> bytes:
    try:
        return bytes.fromhex(object_id.replace("-", ""))
    except ValueError:
        return object_id.encode()

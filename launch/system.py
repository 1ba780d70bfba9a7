"""On which systems it runs. `app.py` asks before anything else, so this imports next to nothing."""

from __future__ import annotations

import sys
from typing import Final

_NOT_ON_WINDOWS: Final = (
    "Presence Bridge does not run on Windows itself. Run it in WSL 2, or as a Linux container "
    "(docs/get-started.md, On Windows)."
)


def refusal(platform: str) -> str | None:
    """Why it does not run on a system (named as in `sys.platform`); None where it does.

    Windows lacks what it stands on: a Redis to bring along, signals that let a process end gently,
    and files that only their owner may read, for the secrets in `.env` and the data folder.
    """
    return _NOT_ON_WINDOWS if platform == "win32" else None


def refuse_others() -> None:
    """End, with a sentence, on a system where it does not run."""
    if why := refusal(sys.platform):
        raise SystemExit(why)

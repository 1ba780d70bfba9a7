"""Makes a release of what is here: `python -m tests.upgrade.release 0.2.0` (CONTRIBUTING.md).

It sets the version where it stands, dates the changelog, and records buttons and rows. To be looked
at, committed and tagged by whoever releases.
"""

from __future__ import annotations

import datetime
import re
import sys
from typing import TYPE_CHECKING, Final

from launch.version import VERSION
from tests.upgrade import record
from tests.upgrade.released import FOLDER, NEXT, ROOT

if TYPE_CHECKING:
    from pathlib import Path

PYPROJECT: Final = ROOT / "pyproject.toml"
MODULE: Final = ROOT / "launch/version.py"
CHANGELOG: Final = ROOT / "CHANGELOG.md"
UNRELEASED: Final = "## [Unreleased]\n"


def main(version: str) -> None:
    """Do it. Raises SystemExit, with a sentence, where it can't be done."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version) or _number(version) <= _number(VERSION):
        raise SystemExit(f"Name a version after {VERSION}, such as 0.2.0.")
    changes = CHANGELOG.read_text("utf-8")
    news = changes.partition(UNRELEASED)[2].partition("\n## [")[0].strip()
    if not news:
        raise SystemExit("CHANGELOG.md says nothing under [Unreleased].")
    # First what may fail.
    record.save(version)
    for kind in ("clicks", "rows"):
        (FOLDER / f"{kind}-{NEXT}.json").unlink(missing_ok=True)
    _replace(PYPROJECT, f'\nversion = "{VERSION}"\n', f'\nversion = "{version}"\n')
    _replace(MODULE, f'\nVERSION = "{VERSION}"\n', f'\nVERSION = "{version}"\n')
    today = datetime.datetime.now(datetime.UTC).date()
    _replace(CHANGELOG, UNRELEASED, f"{UNRELEASED}\n## [{version}] - {today}\n")
    print(  # noqa: T201 - a command
        f"Look at `git diff`, run the tests of tests/upgrade, then:\n"
        f"  git add -A && git commit -m 'Release {version}' && git tag -a v{version} -m {version}"
    )


def _replace(path: Path, before: str, after: str) -> None:
    text = path.read_text("utf-8")
    if text.count(before) != 1:
        raise SystemExit(f"{path.name} must have {before.strip()!r} once.")
    path.write_text(text.replace(before, after), "utf-8")


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("Usage: python -m tests.upgrade.release VERSION")
    main(sys.argv[1])

"""Everything is compiled once, before the processes of pytest-xdist load it.

Each of them would otherwise compile all of a fresh clone for itself, at the same time: for every
process ten seconds and more, most of them for pytest's rewriting of asserts. So it is with what
Hypothesis makes of all the characters that there are. What is made is kept (as long as Python
writes bytecode at all), and looked through in a fraction of a second.
"""

from __future__ import annotations

import compileall
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from _pytest.assertion import rewrite
from hypothesis.internal.charmap import intervals_from_codec

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = Path(__file__).parents[1]
_NOT_OURS = {"node_modules", "build"}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """Before the processes start."""
    if not sys.dont_write_bytecode:
        compile_for_all(config)


def compile_for_all(config: pytest.Config) -> None:
    """Compile the project, the tests that were asked for as pytest wants them, the characters."""
    for folder in sorted(_ROOT.iterdir()):
        if folder.name.isidentifier() and folder.name not in _NOT_OURS and folder.is_dir():
            compileall.compile_dir(folder, quiet=2, rx=_Skipped())
    for file in _tests(config):
        _rewrite(file, config)
    intervals_from_codec("utf-8")


class _Skipped:
    """What compileall leaves out, in the shape that it wants: what `search` finds."""

    def search(self, path: str) -> bool:
        file = Path(path)
        return not _NOT_OURS.isdisjoint(file.parts) or _is_rewritten(file)


def _is_rewritten(file: Path) -> bool:
    return file.name.startswith("test_") or file.name == "conftest.py"


def _tests(config: pytest.Config) -> Iterator[Path]:
    for named in config.args:
        path = Path(config.invocation_params.dir, named.partition("::")[0])
        found = path.rglob("*.py") if path.is_dir() else (path,)
        yield from (file for file in found if _is_rewritten(file) and file.exists())


def _rewrite(file: Path, config: pytest.Config) -> None:
    """What pytest's own import hook would do (`AssertionRewritingHook.exec_module`)."""
    kept = rewrite.get_cache_dir(file) / (file.name.removesuffix(".py") + rewrite.PYC_TAIL)
    if rewrite._read_pyc(file, kept) is None and rewrite.try_makedirs(kept.parent):
        source, code = rewrite._rewrite_test(file, config)
        rewrite._write_pyc(config.stash[rewrite.assertstate_key], code, source, kept)

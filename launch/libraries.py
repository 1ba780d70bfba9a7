"""Libraries without what they import merely because it is there.

Others of ours bring it along: rich is for `setup`, `check` and `top`, OpenTelemetry is a part of
Microsoft's Graph SDK. A `serve` would import both, and read what is written about every package
that is installed, before it answers anybody; none of it is used.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

NOT_FOR: Final = (("structlog", "rich"), ("redis", "opentelemetry"))
"""A library, and the package that it does without."""


def import_them() -> None:
    """Import them, before anything else of ours does. Call it while there is one thread."""
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"  # we have none
    for name, without in NOT_FOR:
        with _as_if_it_were_not_there(without):
            importlib.import_module(name)


@contextlib.contextmanager
def _as_if_it_were_not_there(name: str) -> Iterator[None]:
    """Imports of it fail, as they do where it isn't installed (Python, "The import system")."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]

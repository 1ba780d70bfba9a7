"""Where settings come from: the environment and a `.env` file, and names that were mistyped.

The environment belongs to everybody: unknown names in it are an error only when they closely
resemble one of ours that is unset. The `.env` file belongs to us, so common words count there too.
"""

from __future__ import annotations

import difflib
import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dotenv.parser import parse_stream

from service.setting_values import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

_COMMON = frozenset(
    {"HOST", "PORT", "DATA_DIR", "WORKER_PORT", "WELCOME", "LOG_FORMAT", "LOG_LEVEL"}
    | {"METRICS_PORT", "KEEP_ALIVE_SECONDS"}
)
"""Names so ordinary that look-alikes in the environment are somebody else's."""

_KUBERNETES = re.compile(
    r"_SERVICE_(HOST|PORT)(_\w+)?$|_PORT(_\d+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?)?$"
)
"""What Kubernetes and Docker links add for every Service (Kubernetes documentation, Service)."""

_ALIKE = 0.85  # TOKEN_KEY and REDIS_URI are over it, REDIS_TLS_URL and REDIS_PORT are not


@dataclass(slots=True)
class Given:
    """What was set: our own names with their text, and everything that looks like a mistake."""

    values: dict[str, str] = field(default_factory=dict)
    misspelled: dict[str, str] = field(default_factory=dict)  # as written -> as meant
    problems: list[str] = field(default_factory=list)


def collect(known: Collection[str], environ: Mapping[str, str], env_file: Path | None) -> Given:
    """Read our names. The environment wins over the file, even with an empty text (= unset)."""
    given = Given()
    from_file = _read(env_file, given.problems) if env_file else {}
    texts = {name: text.strip() for name, text in {**from_file, **environ}.items()}
    given.values = {name: texts[name] for name in known if texts.get(name)}
    unset = {name for name in known if PLACEHOLDER in given.values.get(name, PLACEHOLDER).lower()}
    for name, text in texts.items():
        if not text or name in known:
            continue
        candidates = unset if name in from_file else unset - _COMMON
        if meant := _meant(name, candidates, in_file=name in from_file):
            given.misspelled[name] = meant
    return given


def _read(env_file: Path, problems: list[str]) -> dict[str, str]:
    try:
        text = env_file.read_text("utf-8-sig")
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError:
        problems.append(f"{env_file.name} is not UTF-8 text. Save it again as UTF-8.")
        return {}
    except OSError as error:
        problems.append(f"{env_file.name} can't be read: {error.strerror}.")
        return {}
    values = {}
    for binding in parse_stream(io.StringIO(text)):
        if binding.error:
            problems.append(
                f"{env_file.name}, line {binding.original.line}, can't be read. "
                "Write NAME=value, and close every quotation mark."
            )
        elif binding.key is not None:
            values[binding.key] = binding.value or ""
    return values


def _meant(name: str, candidates: Collection[str], *, in_file: bool) -> str | None:
    if not in_file and _KUBERNETES.search(name):
        return None
    plain = _plain(name)
    by_plain = {_plain(candidate): candidate for candidate in sorted(candidates)}
    if plain in by_plain:
        return by_plain[plain]
    long_enough = [candidate for candidate in by_plain if len(candidate) > 4]
    close = difflib.get_close_matches(plain, long_enough, n=1, cutoff=_ALIKE)
    return by_plain[close[0]] if close else None


def _plain(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", name.upper())

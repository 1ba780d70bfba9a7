"""Reads what pages link to: `python -m tests.docs.links` names every link that leads nowhere.

`make check` runs it, and `tests/docs/test_links.py`. Nothing is fetched: of addresses on the web
only their form is looked at.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token

ROOT: Final = Path(__file__).parents[2]
_NOT_OURS: Final = {"node_modules", "build", "__pycache__"}
_MARKDOWN: Final = MarkdownIt("gfm-like", {"linkify": False})
_MENTION: Final = re.compile(
    r"(?<![\w./-])(docs/[\w./-]*\.[a-z]+)(?:#([\w-]+)|, ([A-Z][\w ]+)(?=[.)\"]))?"
)
"""A page that a file names: `docs/operate.md#check` or `docs/operate.md, Check`."""
_NAMES_PAGES: Final = {".py", ".yml", ".toml", ".html", ".example", ".lua", ""}


@dataclass
class Page:
    """What a page offers, and what it asks for. `links` are as written, with their lines."""

    anchors: set[str] = field(default_factory=set)
    links: list[tuple[int, str]] = field(default_factory=list)


class _Html(HTMLParser):
    """The anchors and links of pieces of HTML between Markdown."""

    def __init__(self) -> None:
        super().__init__()
        self.anchors: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" or (tag == "a" and name == "name"):
                self.anchors.append(value or "")
            elif name in {"href", "src", "srcset"}:
                self.links.append((value or "").split(" ")[0])


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading: letters, digits, hyphens and underlines are kept."""
    kept = (c for c in heading.strip().lower() if c in " -_" or unicodedata.category(c)[0] in "LNM")
    return "".join(kept).replace(" ", "-")


def read(text: str) -> Page:
    """Read a page of Markdown. What stands in code is no link."""
    page, seen = Page(), dict[str, int]()
    tokens = _MARKDOWN.parse(text)
    for position, token in enumerate(tokens):
        line = token.map[0] + 1 if token.map else 0
        if token.type == "heading_open":
            name = slug(_shown(tokens[position + 1]))
            times = seen[name] = seen.get(name, -1) + 1
            page.anchors.add(f"{name}-{times}" if times else name)
        for part in [token, *(token.children or ())]:
            page.links += [
                (line, str(part.attrs[kind])) for kind in ("href", "src") if kind in part.attrs
            ]
            if part.type in {"html_block", "html_inline"}:
                html = _Html()
                html.feed(part.content)
                page.anchors.update(html.anchors)
                page.links += [(line, link) for link in html.links]
    return page


def _shown(heading: Token) -> str:
    return "".join(part.content for part in heading.children or () if part.type != "html_inline")


def pages(root: Path) -> list[Path]:
    """Every page of Markdown that is ours."""
    return [path for path in _files(root) if path.suffix == ".md"]


def _files(root: Path) -> Iterator[Path]:
    for path in sorted(root.iterdir()):
        if path.is_dir():
            if not path.is_symlink() and path.name not in _NOT_OURS and path.name[0] != ".":
                yield from _files(path)
        else:
            yield path


def dead(root: Path) -> list[str]:
    """Every link of a page, and every page that a file names, that leads nowhere; a line each."""
    read_already = {path: read(path.read_text("utf-8")) for path in pages(root)}
    problems = []
    for path, page in read_already.items():
        where = path.relative_to(root).as_posix()
        for line, link in page.links:
            if problem := _problem(root, path, page, link, read_already):
                problems.append(f"{where}:{line}: {link}: {problem}")
    for path in _files(root):
        if path.suffix not in _NAMES_PAGES or "tests" in path.relative_to(root).parts:
            continue
        for number, text in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
            for name, anchor, heading in _MENTION.findall(text):
                link = name + (f"#{anchor or slug(heading)}" if anchor or heading else "")
                if problem := _problem(root, root / "_", Page(), link, read_already):
                    where = path.relative_to(root).as_posix()
                    problems.append(f"{where}:{number}: {link}: {problem}")
    return problems


def _problem(root: Path, path: Path, page: Page, link: str, others: dict[Path, Page]) -> str | None:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        well = parts.scheme == "mailto" or (parts.scheme == "https" and parts.hostname)
        return None if well else "write https://"
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if root.resolve() not in [target, *target.parents]:
        return "it leads out of the project"
    if not target.exists():
        return "there is no such file"
    if parts.fragment:
        anchors = page.anchors if target == path else others.get(target, Page()).anchors
        if unquote(parts.fragment) not in anchors:
            return "there is no such anchor"
    return None


def main() -> int:
    """Print what is dead; 1 if there is any."""
    problems = dead(ROOT)
    sys.stdout.writelines(f"{problem}\n" for problem in problems)
    return bool(problems)


if __name__ == "__main__":
    raise SystemExit(main())

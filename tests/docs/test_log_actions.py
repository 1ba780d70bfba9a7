"""docs/log-actions.md lists every action that the sources log, with its levels, and no other."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/log-actions.md"
SOURCES = ("app.py", "launch", "bot", "cards", "sync", "service", "sandbox", "manifest")
LEVELS = {
    "debug": "debug",
    "info": "info",
    "warning": "warning",
    "error": "error",
    "exception": "error",
    "critical": "critical",
    "log": "its own",  # `log.log(level, ...)`: what somebody else reported
}
ACTION = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
ROW = re.compile(r"\| `(?P<action>[^`]*)` \| (?P<levels>[^|]*) \| (?P<rest>.*) \|")


class NotFixed(Exception):
    """A call whose event is not one plain text."""


def logged(source: str) -> Iterator[tuple[str, str]]:
    """Every action that a module logs through structlog, with the level. Raises NotFixed."""
    tree = ast.parse(source)
    loggers = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and _makes_a_logger(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    called = {node.func for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and _is_logger(node.value, loggers):
            if node not in called:  # kept in a variable, and called where nobody sees it
                raise NotFixed(f"line {node.lineno}: call the logger directly")
            if node.attr not in LEVELS:
                raise NotFixed(f"line {node.lineno}: .{node.attr}(...) is not a level")
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if _is_logger(node.func.value, loggers):
            position = 1 if node.func.attr == "log" else 0
            event = node.args[position] if len(node.args) > position else None
            if not isinstance(event, ast.Constant) or not isinstance(event.value, str):
                raise NotFixed(f"line {node.lineno}: the event must be a plain text")
            if not ACTION.fullmatch(event.value):
                raise NotFixed(f"line {node.lineno}: {event.value!r} is not snake_case")
            yield event.value, LEVELS[node.func.attr]


def _makes_a_logger(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "structlog.get_logger"


def _is_logger(node: ast.AST, names: set[str]) -> bool:
    return (isinstance(node, ast.Name) and node.id in names) or _makes_a_logger(node)


def in_sources() -> tuple[dict[str, set[str]], dict[str, set[str]], list[str]]:
    """Levels and files of every action, and what is wrong with calls."""
    levels, files, wrong = defaultdict(set), defaultdict(set), []
    for name in SOURCES:
        path = ROOT / name
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            where = file.relative_to(ROOT).as_posix()
            try:
                for action, level in logged(file.read_text()):
                    levels[action].add(level)
                    files[action].add(where)
            except NotFixed as error:
                wrong.append(f"{where} {error}")
    return levels, files, wrong


def on_page() -> dict[str, set[str]]:
    """Levels of every action in the tables of the page."""
    rows: dict[str, set[str]] = {}
    for line in PAGE.read_text().splitlines():
        if line.startswith("| `"):
            row = ROW.fullmatch(line)
            assert row is not None, f"docs/log-actions.md: this row has no four cells:\n{line}"
            assert row["action"] not in rows, f"docs/log-actions.md lists {row['action']} twice"
            assert len(row["rest"].split(" | ")) == 2, f"this row has no four cells:\n{line}"
            rows[row["action"]] = {level.strip() for level in row["levels"].split(",")}
    return rows


def test_the_page_and_the_sources_know_the_same_actions() -> None:
    levels, files, wrong = in_sources()
    assert wrong == [], "Log one fixed action, as `log.info('thing_done', ...)`."
    page = on_page()
    assert len(levels) > 60  # the sources were really read
    problems = [
        f"add to docs/log-actions.md: | `{action}` | {', '.join(sorted(levels[action]))} | "
        f"what it means | what to do |   (from {', '.join(sorted(files[action]))})"
        for action in sorted(levels.keys() - page.keys())
    ]
    problems += [
        f"remove from docs/log-actions.md: `{action}` (nothing logs it)"
        for action in sorted(page.keys() - levels.keys())
    ]
    problems += [
        f"docs/log-actions.md: `{action}` is logged as {', '.join(sorted(levels[action]))}"
        for action in sorted(levels.keys() & page.keys())
        if levels[action] != page[action]
    ]
    assert problems == [], "\n" + "\n".join(problems)


def test_operate_names_only_actions_that_exist() -> None:
    text = (ROOT / "docs/operate.md").read_text()
    named = {
        word
        for cell in re.findall(r"log ((?:`[a-z_…]+`(?:, then |, | or )?)+)", text)
        for word in re.findall(r"`([a-z_]+)`", cell)
    }
    assert named
    assert named - on_page().keys() == set()


HEAD = "import structlog\nlog = structlog.get_logger()\n"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (HEAD + "log.info('it_began', x=1)", [("it_began", "info")]),
        (HEAD + "log.exception('it_broke')", [("it_broke", "error")]),
        (HEAD + "log.log(level, 'others_say')", [("others_say", "its own")]),
        ("structlog.get_logger('x').warning('odd')", [("odd", "warning")]),
        ("other = logging.getLogger()\nother.info(f'{x}')", []),  # not ours
    ],
)
def test_calls_are_found(source: str, found: list[tuple[str, str]]) -> None:
    assert list(logged(source)) == found


@pytest.mark.parametrize(
    "call",
    [
        "log.info(f'{what}_done')",
        "log.info(event)",
        "log.info('a ' + event)",
        "log.info()",
        "log.info(event='x')",
        "log.info('It is done')",
        "log.log('others_say')",
        "level = log.info if well else log.warning",
        "log.bind(x=1)",
    ],
)
def test_what_is_no_fixed_action_is_refused(call: str) -> None:
    with pytest.raises(NotFixed):
        list(logged(HEAD + call))

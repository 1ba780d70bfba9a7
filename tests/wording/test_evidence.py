"""Sentences claim only what was accepted, seen or erased: read from their own source.

Two rules, both over the syntax tree. What a sentence calls told, accepted, shown, cleared or erased
comes from a value of EVIDENCE; the few functions that speak of it otherwise are listed with what
they say in truth. And those values are made only where an answer is heard, or read back.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit

HOUSE = Path(__file__).parents[2]
CLAIMS = re.compile(
    r"\b(told|took|accepted|shows|showed|shown|cleared|erased|renewed|(had|last|is|was) set)\b",
    re.IGNORECASE,
)

EVIDENCE: Final = {
    "Accepted": {"domain/person.py", "sync/engine/person_row.py", "sync/engine/reconcile.py"},
    "Held": {"domain/person.py", "sync/engine/person_row.py"},
    "Cleared": {"domain/person.py"},
    "Ending": {"sync/engine/engine.py"},
    "Shown": {
        *("domain/presence.py", "sync/engine/people.py", "sync/microsoft/graph.py"),
        *("sync/readback/looks.py", "sync/readback/rows.py"),
    },
}
"""Types, and where they are made: of an answer, of what was kept of one, or out of each other."""

READ_FROM: Final = {"told", "seen", "leftover", "cleared", "_told", "_left"}
"""What gives such a value out of everything that is known of a person (wording.ours)."""

SAID_OTHERWISE: Final = {
    "how it works, of nobody's presence": {
        "cards/person/help.py:help_card",
        "cards/person/help.py:privacy",
        "cards/person/organisation.py:notice",
        "cards/person/organisation.py:offer",
        "cards/person/unasked.py:seen",
        "cards/person/unasked.py:welcome",
        "cards/settings/form.py:verify",
        "wording/exclusions.py:WHAT_INCLUDING_MEANS",
        "wording/about.py:ABOUT",
        "wording/about.py:_HOME",
        "wording/about.py:_PRIVACY",
        "wording/chat.py:OK",
        "wording/edits.py:noticed",
        "wording/matching.py:ONLY_BASIC",
        "wording/organisation.py:SHOWN_UNASKED",
        "wording/consent.py:ANSWERS",
        "wording/consent.py:STARTS_NOBODY",
        "wording/policy.py:AUTHORISERS_EXPLAINED",
        "wording/policy.py:STYLES",
    },
    "what did not happen, or is still to be done": {
        "cards/person/connect.py:reconnect",
        "cards/person/organisation.py:not_begun",
        "cards/person/status.py:not_connected",
        "cards/person/trial.py:running",
        "wording/covered.py:ENDING",
        "wording/covered.py:by_organisation",
        "wording/edits.py:own_carries_on",
        "wording/feed.py:feed_words",
        "wording/looked_up.py:_link",
        "wording/readback.py:NOBODY",
        "wording/readback.py:NOT_ALLOWED",
        "wording/readback.py:SWITCHED_OFF",
        "wording/readback.py:TOO_FEW",
        "wording/status.py:_Sayings._not_accepted",
        "wording/status.py:_Sayings.next_step",
        "wording/trouble.py:reason_of",
    },
    "said by a function that has the value": {
        "cards/person/status.py:status",
        "wording/ours.py:CLEARED",
        "wording/ours.py:Leftover.named",
        "wording/ours.py:NOTHING_SET",
    },
    "counted where the row says so": {
        "cards/settings/centre.py:_readback",
        "cards/settings/change.py:_carried_out",
        "wording/looked_up.py:_written",
    },
    "what Microsoft shows is its answer to a look (Explanation.shown)": {
        "wording/status.py:_Sayings._what",
        "wording/readback.py:readback_view",  # counted from its answers
    },
    "other meanings of the words": {
        "cards/person/disconnect.py:confirm",  # what Zoom told
        "cards/settings/informed.py:confirm",  # people, by other means than the app
        "cards/settings/informed.py:nobody",
        "cards/settings/informed.py:recorded",
        "wording/covered.py:_NOT_YET",  # people, by a card or by other means
        "wording/covered.py:not_connected",  # likewise
        "wording/history.py:done",
        "wording/identify.py:announced",  # people, by the notice
        "wording/ended.py:STORMS",
    },
}


def _words(node: ast.AST) -> Iterator[str]:
    """The texts in a part of the source that people may read: no docstrings, no names."""
    docs = {
        id(inner.body[0].value)
        for inner in ast.walk(node)
        if isinstance(inner, ast.FunctionDef | ast.ClassDef) and isinstance(inner.body[0], ast.Expr)
    }
    for inner in ast.walk(node):
        text = inner.value if isinstance(inner, ast.Constant) else None
        if not isinstance(text, str) or id(inner) in docs:
            continue
        if " " in text.strip() or text[:1].isupper():
            yield text


def _sentences(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, ast.stmt]]:
    """The functions and constants of a module with their names."""
    for node in body:
        if isinstance(node, ast.FunctionDef):
            yield prefix + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from _sentences(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, ast.AnnAssign | ast.Assign):
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            yield prefix + ast.unparse(target), node


def _has_evidence(node: ast.stmt) -> bool:
    """Whether it takes a value of evidence, or reads one out of what is known."""
    names = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    names |= {inner.attr for inner in ast.walk(node) if isinstance(inner, ast.Attribute)}
    return bool(names & (EVIDENCE.keys() | READ_FROM))


def claiming(source: str, where: str) -> set[str]:
    """What makes claims in a module without having the evidence."""
    return {
        f"{where}:{name}"
        for name, node in _sentences(ast.parse(source).body, "")
        if any(CLAIMS.search(words) for words in _words(node)) and not _has_evidence(node)
    }


def made(source: str) -> set[str]:
    """The evidence that a module makes itself."""
    calls = [node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return {each.id for each in calls if isinstance(each, ast.Name) and each.id in EVIDENCE}


def _modules(*rooms: str) -> Iterator[tuple[str, str]]:
    for room in rooms:
        for path in sorted((HOUSE / room).rglob("*.py")):
            yield path.relative_to(HOUSE).as_posix(), path.read_text("utf-8")


def test_every_sentence_that_claims_something_has_it_from_an_answer() -> None:
    rooms = [claiming(source, where) for where, source in _modules("wording", "cards")]
    found = set().union(*rooms)
    listed = set().union(*SAID_OTHERWISE.values())
    assert found - listed == set(), "give it the evidence, or list what it says in truth"
    assert listed - found == set(), "no longer needed in the list"


def test_evidence_is_made_only_where_an_answer_is_heard() -> None:
    rooms = ("bot", "cards", "domain", "launch", "sync", "wording")
    for where, source in _modules(*rooms):
        for kind in made(source):
            assert where in EVIDENCE[kind], f"{where} makes {kind}"


@pytest.mark.parametrize(
    ("source", "claims"),
    [
        ("def f(pair): return f'Microsoft was told {pair}.'", True),
        ("def f(told: Accepted): return f'Microsoft was told {told.pair}.'", False),
        ("def f(known): return f'Microsoft shows {seen(known)}.'", False),
        ("def f(x):\n    'What is shown.'\n    return x", False),
        ("A = ('It is cleared now.',)", True),
        ("class C:\n    def f(self): return 'All is erased now.'", True),
        ("def f(x): return f'I go on trying {x}.'", False),
    ],
)
def test_the_test_would_notice(source: str, claims: bool) -> None:
    assert bool(claiming(source, "m")) is claims


def test_the_test_would_notice_what_is_made_up() -> None:
    assert made("x = Accepted(pair, 1, 2)") == {"Accepted"}

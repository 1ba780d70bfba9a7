"""Whatever the pages tell people to say, to set or to run is there."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt
from prometheus_client.parser import text_string_to_metric_families

from app import cli
from bot.grammar.commands import BadCommand, Unknown, parse
from domain.organisation import Right
from domain.roles import APP_ROLES
from launch.check.registration import PERMISSIONS
from launch.check.zoom import LOG_SCOPE, ROLE_SCOPE, SCOPES
from launch.setup import steps
from service.metrics import Metrics
from service.settings import NAMES
from sync.redis import keys

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
DAY_S = 86_400
GUIDES = ("README.md", "docs/for-users.md", "docs/for-admins.md")
PAGES = (
    *("README.md", "CONTRIBUTING.md", "SECURITY.md", ".env.example"),
    *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))),
)
NOT_OURS = {
    # of make, and of the image's build
    *("PANEL_PORT", "CHAT_PORT"),
    # of commands, for one run
    *("ENTRA_TOKEN", "PYTEST_ADDOPTS"),
    # of Python's TLS libraries
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "HTTPS_PROXY"),
    # printed by Microsoft's command
    *("CLIENT_ID", "CLIENT_SECRET", "TENANT_ID"),
}
"""Names in capitals that are no settings."""
NOT_ON_CARDS = {"Mail & Calendar"}
"""Words in italics that stand elsewhere: in Zoom's portal."""


def text_of(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def code_in(page: str) -> Iterator[str]:
    """What stands in code within a sentence or a table."""
    for token in MarkdownIt("gfm-like", {"linkify": False}).parse(text_of(page)):
        yield from (part.content for part in token.children or () if part.type == "code_inline")


def in_pages(pattern: str, pages: tuple[str, ...] = PAGES) -> set[str]:
    """Everything that a pattern finds, as `page: what`."""
    return {f"{page}: {found}" for page in pages for found in re.findall(pattern, text_of(page))}


@pytest.mark.parametrize("page", GUIDES)
def test_what_guides_tell_people_to_say_is_understood(page: str) -> None:
    said = [
        code
        for code in code_in(page)
        if not re.match(r"(python app\.py|make|git) |--|[A-Z]+_[A-Z_]+(=|$)|[a-z]+_[a-z_]+$", code)
        and code not in {*APP_ROLES, *Right}
    ]
    assert len(said) > 10
    not_understood = [code for code in said if isinstance(parse(code), Unknown | BadCommand)]
    assert not_understood == []


@pytest.mark.parametrize("page", GUIDES)
def test_buttons_that_guides_name_are_on_cards(page: str) -> None:
    files = [file for room in ("cards", "wording") for file in (ROOT / room).rglob("*.py")]
    product = " ".join(file.read_text("utf-8").replace("’", "'") for file in files)
    quoted = {text for text in emphasised(page) if text[:1].isupper()}
    assert {text for text in quoted - NOT_ON_CARDS if text not in product} == set()


def emphasised(page: str) -> Iterator[str]:
    """What stands in italics: a button's or a field's words."""
    for token in MarkdownIt("gfm-like", {"linkify": False}).parse(text_of(page)):
        parts = token.children or []
        yield from (
            after.content
            for part, after in itertools.pairwise(parts)
            if part.type == "em_open" and after.type == "text"
        )


def test_settings_that_pages_name_are_settings() -> None:
    named = in_pages(r"(?<![\w./-])((?:[A-Z]+_)+[A-Z]+|MicrosoftApp[A-Za-z]*)(?![\w*-])")
    unknown = {one for one in named if one.partition(": ")[2] not in {*NAMES, *NOT_OURS}}
    assert len(named) > 40
    assert {one for one in unknown if not _in_code_of_the_project(one.partition(": ")[2])} == set()


def _in_code_of_the_project(name: str) -> bool:
    """A constant that a page for contributors names, or a variable of the Makefile."""
    folders = ("bot", "domain", "launch", "service", "sync", "tests", "wording")
    files = [ROOT / "Makefile", *(f for folder in folders for f in (ROOT / folder).rglob("*.py"))]
    return any(re.search(rf"^\s*{name}\b.*=", f.read_text("utf-8"), re.MULTILINE) for f in files)


def test_commands_and_options_that_pages_name_are_there() -> None:
    named = in_pages(r"app\.py ([a-z][a-z-]*(?: --?[a-z-]+)*)")
    assert len(named) > 10
    wrong = set()
    for one in named:
        word, *options = one.partition(": ")[2].split()
        known = {name for p in getattr(cli.commands.get(word), "params", ()) for name in p.opts}
        if word not in cli.commands or not {*options} <= known | {"--help"}:
            wrong.add(one)
    assert wrong == set()


def test_every_command_is_on_a_page() -> None:
    operate = "".join(text_of(page) for page in PAGES)
    assert [name for name in cli.commands if f"app.py {name}" not in operate] == []


def test_what_make_is_told_can_be_made() -> None:
    [phony] = re.findall(r"^\.PHONY: (.*)$", text_of("Makefile"), re.MULTILINE)
    named = in_pages(r"(?m:^|`)make ([a-z][a-z0-9-]*)")
    assert named
    assert {one for one in named if one.partition(": ")[2] not in phony.split()} == set()


def test_permissions_scopes_and_events_are_those_that_are_needed() -> None:
    page = text_of("docs/set-up.md")
    for name, number in PERMISSIONS.items():
        assert f"`{name}`" in page
        assert f"{number}=Scope" in page
    scopes = {f"{scope}:admin" for scope in (*SCOPES, ROLE_SCOPE, LOG_SCOPE)}
    assert set(re.findall(r"`([a-z_]+:[a-z:_]+)`", page)) == scopes
    events = "".join(str(part) for part in steps._events({}))
    for event in ("presence status has been updated", "deleted", "deactivated", "member removed"):
        assert event in events
        assert event in page


def test_the_form_has_the_words_of_zooms_article() -> None:
    guide = text_of("docs/for-admins.md")
    form = (ROOT / "tests/cards/golden/settings-form.json").read_text("utf-8")
    named = re.findall(r"\| \*([A-Z][a-z ]+)\*(?:: |, )", guide.partition("## One line")[0])
    labels = {"Calendar and contacts integration", *named}
    assert len(labels) == 4
    assert {label for label in labels if label not in form} == set()
    for words in ("Account Management → Account Settings", "User Management → Groups"):
        assert words in guide


def test_how_long_things_are_stored_is_as_declared() -> None:
    page = text_of("docs/security-and-privacy.md")
    table = page.partition("## What is stored")[2].partition("## Who sees what")[0]
    days = {keys.REFERENCE_TTL // DAY_S, keys.INVITED_TTL // DAY_S, keys.CARD_TTL // DAY_S}
    kept = (keys.LOOK_TTL, keys.SIGN_IN_TTL, keys.LIVE_SIGN_IN_TTL)
    minutes = {ttl // 60 for ttl in (*kept, keys.IDENTIFY_KEPT, keys.ROLE_TTL)}
    assert {int(n) for n in re.findall(r"(\d+) days", table)} >= days
    assert {
        int(n) for n in re.findall(r"(\d+)(?: minutes|(?= once it has begun))", table)
    } == minutes
    assert f"{keys.AUDIT_KEPT:,} changes, {keys.LOOKS[1]:,} look-ups, {keys.ACTS[1]:,}" in table


def test_set_up_has_the_steps_of_the_command() -> None:
    headings = re.findall(r"^## \d+\. (.*)$", text_of("docs/set-up.md"), re.MULTILINE)
    titles = [step.title.replace("’", "'") for step in steps.STEPS]
    assert headings[: len(titles)] == titles


def test_the_map_of_the_house_has_every_room() -> None:
    page = text_of("docs/how-it-works.md")
    rooms = ("launch", "bot", "sync", "cards")
    inside = {init.parent for room in rooms for init in (ROOT / room).glob("*/__init__.py")}
    assert len(inside) > 15
    assert {folder for folder in inside if f"{folder.name}/" not in page} == set()


def test_metrics_that_pages_name_are_there() -> None:
    families = text_string_to_metric_families(Metrics().render().decode())
    there = {
        name for family in families for name in (family.name, *(s.name for s in family.samples))
    }
    named = in_pages(r"presence_bridge_[a-z_]+")
    assert named
    assert {one for one in named if one.partition(": ")[2] not in there} == set()


def test_files_that_pages_name_are_there() -> None:
    named = {
        f"{page}: {code}"
        for page in PAGES
        if page.endswith(".md")
        for code in code_in(page)
        if re.fullmatch(
            r"(bench|bot|cards|container|domain|launch|manifest|sandbox|service|sync"
            r"|tests|wording)/[\w./-]*",
            code,
        )
    }
    assert len(named) > 60
    assert [one for one in sorted(named) if not (ROOT / one.partition(": ")[2]).exists()] == []

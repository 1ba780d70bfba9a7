"""No link in a page leads nowhere, and every page can be found from the first one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs import links

ROOT = Path(__file__).parents[2]


def test_no_link_leads_nowhere() -> None:
    assert links.dead(ROOT) == []


def test_the_first_page_leads_to_every_page() -> None:
    first = {link.partition("#")[0] for _, link in links.read(_text("README.md")).links}
    ours = {path.relative_to(ROOT).as_posix() for path in links.pages(ROOT)}
    to_read = {name for name in ours if not name.startswith("tests/")} - {"README.md"}
    assert to_read - first == set()


def test_every_picture_is_on_a_page() -> None:
    shown = {
        (page.parent / link).resolve()
        for page in links.pages(ROOT)
        for _, link in links.read(page.read_text("utf-8")).links
    }
    assert [p.name for p in (ROOT / "docs/pictures").iterdir() if p.resolve() not in shown] == []


def _text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


@pytest.mark.unit
@pytest.mark.parametrize(
    "text",
    [
        "[there](docs/a.md)",
        "[a heading](docs/a.md#what-its-for)",
        "[the second of its name](docs/a.md#what-its-for-1)",
        "[a row](docs/a.md#row)",
        "[here](#here)\n\n# Here",
        "<a href='docs/a.md#row'>x</a>",
        "![picture](docs/p.svg)",
        "[web](https://example.com/x#y) [mail](mailto:a@example.com)",
        "`[code](nowhere.md)`\n\n```\n[code](nowhere.md)\n```",
        "[named][a]\n\n[a]: docs/a.md",
        "| a |\n| --- |\n| [in a table](docs/a.md) |",
    ],
)
def test_links_that_lead_somewhere(tmp_path: Path, text: str) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/p.svg").touch()
    (tmp_path / "docs/a.md").write_text(
        "# What it's *for*\n\n## What its `for`\n\n| <a id='row'></a>x |\n| --- |\n", "utf-8"
    )
    (tmp_path / "README.md").write_text(text, "utf-8")
    assert links.dead(tmp_path) == []


@pytest.mark.unit
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[x](docs/b.md)", "README.md:1: docs/b.md: there is no such file"),
        ("\n\n[x](docs/a.md#gone)", "README.md:3: docs/a.md#gone: there is no such anchor"),
        ("[x](#gone)", "README.md:1: #gone: there is no such anchor"),
        ("![x](docs/p.png)", "README.md:1: docs/p.png: there is no such file"),
        ("<img src='docs/p.png'>", "README.md:1: docs/p.png: there is no such file"),
        ("| a |\n| --- |\n| [x](b.md) |", "README.md:3: b.md: there is no such file"),
        ("[x](../b.md)", "README.md:1: ../b.md: it leads out of the project"),
        ("[x](http://example.com)", "README.md:1: http://example.com: write https://"),
    ],
)
def test_links_that_lead_nowhere(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/a.md").write_text("# A\n", "utf-8")
    (tmp_path / "README.md").write_text(text, "utf-8")
    assert links.dead(tmp_path) == [problem]


@pytest.mark.unit
@pytest.mark.parametrize(
    ("text", "link"),
    [
        ('say("See docs/b.md.")', "docs/b.md"),
        ('"See docs/a.md, Gone."', "docs/a.md#gone"),
        ("runbook: docs/a.md#gone", "docs/a.md#gone"),
    ],
)
def test_pages_that_code_names_are_there(tmp_path: Path, text: str, link: str) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/a.md").write_text("# A\n\n## Is here\n", "utf-8")
    (tmp_path / "code.py").write_text('"See docs/a.md, Is here."\n"docs/a.md#is-here"\n', "utf-8")
    assert links.dead(tmp_path) == []
    (tmp_path / "rules.yml").write_text(text, "utf-8")
    [problem] = links.dead(tmp_path)
    assert problem.startswith(f"rules.yml:1: {link}: there is no such ")


def test_the_command_fails_where_a_link_is_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(links, "ROOT", tmp_path)
    assert links.main() == 0
    (tmp_path / "README.md").write_text("[x](b.md)", "utf-8")
    assert links.main() == 1
    assert capsys.readouterr().out == "README.md:1: b.md: there is no such file\n"


@pytest.mark.unit
@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("Set it up", "set-it-up"),
        ("Health, and what's *shown*", "health-and-whats-shown"),
        ("`check`: a doctor", "check-a-doctor"),
        ("Zoom → Microsoft", "zoom--microsoft"),
        ("Über_uns (2)", "über_uns-2"),
    ],
)
def test_anchors_are_those_of_github(heading: str, anchor: str) -> None:
    assert links.read(f"## {heading}").anchors == {anchor}

"""The table "how to add" names files that are there, and at most four of the product a row."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = {"bot", "cards", "domain", "launch", "service", "sync", "wording"}


def rows() -> list[list[str]]:
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    table = page[page.index("## How to add") :]
    return [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| a ")]


def files(cell: str) -> list[str]:
    return re.findall(r"`([\w./-]+/[\w.-]+\.\w+)`", cell)


def test_every_file_in_the_table_is_there() -> None:
    named = [name for _, touch, fails in rows() for name in (*files(touch), *files(fails))]
    assert len(named) > 30
    assert [name for name in named if not (ROOT / name).is_file()] == []


MOST = {"a write to Graph": 5}  # decided, named, carried out, promised and sent: each stands once


def test_no_row_asks_for_more_than_four_files_of_the_product() -> None:
    for what, touch, fails in rows():
        product = [name for name in files(touch) if name.split("/")[0] in PRODUCT]
        assert len(product) <= MOST.get(what, 4), what
        assert files(fails) or "types" in fails, what

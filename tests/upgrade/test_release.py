"""Which release this is, is said alike everywhere."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from launch.version import VERSION
from tests.upgrade import record, release

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


def test_the_version_stands_alike_everywhere() -> None:
    project = tomllib.loads(release.PYPROJECT.read_text("utf-8"))["project"]
    assert project["version"] == VERSION
    assert f"\n## [{VERSION}] - 20" in release.CHANGELOG.read_text("utf-8")


def test_a_release_sets_all_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved: list[str] = []
    monkeypatch.setattr(record, "save", saved.append)
    monkeypatch.setattr(release, "FOLDER", tmp_path)
    for kind in ("clicks", "rows"):
        (tmp_path / f"{kind}-next.json").touch()
    for name in ("PYPROJECT", "MODULE", "CHANGELOG"):
        path = getattr(release, name)
        copy = tmp_path / path.name
        copy.write_text(path.read_text("utf-8"), "utf-8")
        monkeypatch.setattr(release, name, copy)
    changelog = tmp_path / "CHANGELOG.md"
    changelog.write_text(
        changelog.read_text("utf-8").replace("## [Unreleased]\n", "## [Unreleased]\n- News.\n")
    )
    release.main("99.0.0")
    assert saved == ["99.0.0"]
    assert not list(tmp_path.glob("*-next.json"))
    assert '\nversion = "99.0.0"\n' in (tmp_path / "pyproject.toml").read_text("utf-8")
    assert '\nVERSION = "99.0.0"\n' in (tmp_path / "version.py").read_text("utf-8")
    text = changelog.read_text("utf-8")
    assert "## [Unreleased]\n\n## [99.0.0] - 20" in text
    assert text.index("- News.") > text.index("[99.0.0]")


@pytest.mark.parametrize("version", [VERSION, "0.0.1", "1", "1.0.0-rc", "v9.9.9"])
def test_a_version_that_is_none_is_refused(version: str) -> None:
    with pytest.raises(SystemExit, match="Name a version after"):
        release.main(version)

"""Writing a `.env` file: what is there stays, and it is there whole or not at all."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.env_file import EnvFile, EnvFileError, with_value, without
from service.setting_names import collect

if TYPE_CHECKING:
    from pathlib import Path

THERE = """\
# ours
PORT=80   # of the proxy
export REDIS_URL="redis://cache:6379/0"

# DATA_DIR=.data
OTHERS='multi
line'
"""


@pytest.mark.unit
def test_a_value_takes_the_place_of_the_old_one_and_the_rest_stays() -> None:
    text = with_value(THERE, "REDIS_URL", "redis://other:6379/1")
    assert text == THERE.replace(
        'export REDIS_URL="redis://cache:6379/0"', "REDIS_URL=redis://other:6379/1"
    )
    assert with_value(THERE, "DATA_DIR", "/srv/data") == THERE.replace(
        "# DATA_DIR=.data", "DATA_DIR=/srv/data"
    )
    assert with_value(THERE, "HOST", "::1") == f"{THERE}HOST=::1\n"
    assert with_value("A=1", "B", "2") == "A=1\nB=2\n"
    assert with_value("A=1\nB=2\nA=3\n", "A", "4") == "A=4\nB=2\n"
    assert without(THERE, "PORT") == THERE.replace("PORT=80   # of the proxy\n", "")


@pytest.mark.unit
@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\0b"])
def test_a_value_is_one_line(value: str) -> None:
    with pytest.raises(ValueError, match="one line"):
        with_value("", "A", value)


ONE_LINE = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"), exclude_characters="\x85"),
    min_size=1,
).filter(lambda text: text == text.strip())


@given(value=ONE_LINE)
def test_what_is_written_is_read(value: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("env") / ".env"
    EnvFile(path).set({"ZOOM_WEBHOOK_SECRET": value})
    EnvFile(path).set({"PORT": "80"})
    read = collect(("ZOOM_WEBHOOK_SECRET", "PORT"), {}, path)
    assert (read.values, read.problems) == ({"ZOOM_WEBHOOK_SECRET": value, "PORT": "80"}, [])


def test_it_is_for_its_owner_only_also_where_it_was_not(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(THERE, "utf-8")
    path.chmod(0o644)
    EnvFile(path).set({"PORT": "81"})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == [".env"]  # nothing is left beside it


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("A=1\n", "utf-8")
    (tmp_path / ".env").symlink_to("real")
    EnvFile(tmp_path / ".env").set({"A": "2"})
    assert (tmp_path / ".env").is_symlink()
    assert (tmp_path / "real").read_text("utf-8") == "A=2\n"


def test_a_new_one_begins_as_the_template(tmp_path: Path) -> None:
    (tmp_path / "template").write_text("# what it is\nPORT=replace-me\n", "utf-8")
    EnvFile(tmp_path / ".env", tmp_path / "template").set({"PORT": "80"})
    assert (tmp_path / ".env").read_text("utf-8") == "# what it is\nPORT=80\n"
    EnvFile(tmp_path / "other", tmp_path / "none").set({"PORT": "80"})
    assert (tmp_path / "other").read_text("utf-8").endswith("\nPORT=80\n")


@pytest.mark.parametrize(
    ("content", "said"), [(b"\xff\xfe", "not UTF-8"), (b"A=1\nB='open\n", "line 2, can't be read")]
)
def test_what_can_not_be_read_is_left_as_it_is(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / ".env"
    path.write_bytes(content)
    with pytest.raises(EnvFileError, match=said):
        EnvFile(path).set({"PORT": "80"})
    assert path.read_bytes() == content


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(EnvFileError, match="can't be written: no such file"):
        EnvFile(tmp_path / "none/.env").set({"PORT": "80"})

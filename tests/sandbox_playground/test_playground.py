"""The chat client's configuration and its start, without a browser."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sandbox.people import APP_ID, PEOPLE, TENANT_ID
from sandbox.playground import BOT_ID, available, how_to_run, write_config

pytestmark = pytest.mark.unit

FOLDER = Path(__file__).resolve().parents[2] / "sandbox" / "playground"


def written(path: Path, number: int) -> dict[str, object]:
    write_config(
        path,
        people=PEOPLE,
        current=PEOPLE[number],
        tenant_id=TENANT_ID,
        bot_id=BOT_ID,
        bot_name="Presence Bridge",
    )
    loaded: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def test_configuration_names_the_person_at_the_keyboard_and_the_five_others(tmp_path: Path) -> None:
    config = written(tmp_path / "new" / "config.yml", 1)

    assert config["version"] == "0.1.1"
    assert config["tenantId"] == TENANT_ID
    assert config["bot"] == {"id": f"28:{APP_ID}", "name": "Presence Bridge"}
    assert config["currentUser"] == {
        "id": f"29:{PEOPLE[1].object_id}",
        "name": "Ben Okafor",
        "userPrincipleName": "ben@example.com",
        "aadObjectId": PEOPLE[1].object_id,
        "givenName": "Ben",
        "surname": "Okafor",
        "email": "ben.okafor@example.com",
    }
    others = config["users"]
    assert isinstance(others, list)
    assert {user["aadObjectId"] for user in others} == {
        person.object_id for person in PEOPLE if person != PEOPLE[1]
    }


def test_conversations_stay_the_same_over_restarts_and_differ_between_people(
    tmp_path: Path,
) -> None:
    def ids(number: int) -> set[str]:
        text = json.dumps(written(tmp_path / "config.yml", number))
        return set(re.findall(r'"((?:a|19):[^"]+)"', text))

    assert len(ids(0)) == 4
    assert ids(0) == ids(0)
    assert not ids(0) & ids(1)


def test_configuration_of_the_wrong_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="5 people"):
        write_config(
            tmp_path / "config.yml",
            people=PEOPLE[:5],
            current=PEOPLE[0],
            tenant_id=TENANT_ID,
            bot_id=BOT_ID,
            bot_name="Presence Bridge",
        )


def test_line_to_type_names_the_version_that_is_pinned(tmp_path: Path) -> None:
    line = how_to_run("http://127.0.0.1:3978/api/messages")

    assert line == (
        "npx --yes @microsoft/m365agentsplayground@0.2.28 start"
        " -e http://127.0.0.1:3978/api/messages -c msteams --disable-telemetry"
    )
    lock = json.loads((FOLDER / "package-lock.json").read_text(encoding="utf-8"))
    package = lock["packages"]["node_modules/@microsoft/m365agentsplayground"]
    assert f"@{package['version']} " in line
    assert how_to_run("http://127.0.0.1:1/x", tmp_path / "a.yml").startswith(
        f"M365_AGENTS_PLAYGROUND_CONFIG_PATH={tmp_path / 'a.yml'} npx"
    )


def test_lock_pins_by_hash_and_names_no_download_host() -> None:
    text = (FOLDER / "package-lock.json").read_text(encoding="utf-8")

    assert "resolved" not in text
    assert "://" not in text
    packages = [entry for name, entry in json.loads(text)["packages"].items() if name]
    assert all(entry["integrity"].startswith("sha512-") for entry in packages)


def test_missing_node_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    reason = available()

    assert reason is not None
    assert "Node.js is not installed" in reason

"""The manifest keeps Microsoft's schema, and the package is the same every time."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator
from PIL import Image

from manifest.builder import ICONS, SCHEMA_VERSION, ManifestError, build_manifest, build_package

APP_ID = "AAAAAAAA-bbbb-4ccc-8ddd-eeeeeeeeeeee"
COMMANDS = [("connect", "Show your Zoom presence in Microsoft 365"), ("help", "What you can say")]
SCHEMA_TEXT = json.loads(
    (Path(__file__).parent / "schema/MicrosoftTeams-1.19.schema.json").read_text("utf-8")
)
SCHEMA = Draft4Validator(SCHEMA_TEXT)


def build(**changes: Any) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "app_id": APP_ID,
        "public_url": "https://bridge.example.com",
        "version": "1.2.3",
        "commands": COMMANDS,
        "group_commands": COMMANDS[1:],
    }
    return build_manifest(**(arguments | changes))


def invalid(manifest: dict[str, Any]) -> list[str]:
    return [error.message for error in SCHEMA.iter_errors(manifest)]


def test_the_manifest_is_valid() -> None:
    assert invalid(build()) == []


def test_the_manifest_is_valid_at_its_limits() -> None:
    commands = [(f"{number:032}", "x" * 128) for number in range(10)]
    assert invalid(build(commands=commands, group_commands=commands)) == []


def test_the_schema_would_notice_a_mistake() -> None:
    assert invalid(build() | {"bots": [{"botId": "nobody", "scopes": ["personal"]}]})
    assert invalid(build() | {"unknown": True})


def test_the_menu_is_the_registry_without_slash() -> None:
    (bot,) = build()["bots"]
    menus = {tuple(menu["scopes"]): menu["commands"] for menu in bot["commandLists"]}
    expected = [{"title": title, "description": text} for title, text in COMMANDS]
    assert menus == {("personal",): expected, ("team", "groupChat"): expected[1:]}


def test_the_bot_the_sign_in_and_the_app_share_one_id() -> None:
    manifest = build()
    ids = {manifest["id"], manifest["bots"][0]["botId"], manifest["webApplicationInfo"]["id"]}
    assert ids == {APP_ID.lower()}


@pytest.mark.parametrize(
    ("public_url", "domain", "privacy"),
    [
        ("https://a.example", "a.example", "https://a.example/privacy"),
        ("https://a.example/", "a.example", "https://a.example/privacy"),
        ("https://a.example:8443/bot/", "a.example:8443", "https://a.example:8443/bot/privacy"),
    ],
)
def test_domain_and_pages_follow_the_public_address(
    public_url: str, domain: str, privacy: str
) -> None:
    manifest = build(public_url=public_url)
    assert manifest["validDomains"] == [domain]
    assert manifest["developer"]["privacyUrl"] == privacy
    assert invalid(manifest) == []


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"app_id": "{{BOT_ID}}"}, "MicrosoftAppId must be a GUID"),
        ({"version": "1.2"}, "three numbers"),
        ({"version": "01.2.3"}, "three numbers"),
        ({"public_url": "http://127.0.0.1:3978"}, "PUBLIC_URL must be an https address"),
        ({"public_url": ""}, "PUBLIC_URL must be an https address"),
        ({"public_url": "https://[::1"}, "PUBLIC_URL isn't a web address"),
        ({"public_url": "https://a.example:99999"}, "PUBLIC_URL isn't a web address"),
        ({"public_url": "https://bücher.example"}, "ASCII"),
        ({"public_url": "https://user@a.example"}, "without user name"),
        ({"public_url": "https://a.example/" + "x" * 2048}, "too long"),
        ({"commands": []}, "1 to 10 commands, but there are 0"),
        ({"commands": [(f"c{n}", "d") for n in range(11)]}, "there are 11"),
        ({"commands": [("x" * 33, "d")]}, "1 to 32 characters"),
        ({"commands": [("x", "d" * 129)]}, "description of “x” must have 1 to 128"),
        ({"commands": [("x", "")]}, "description of “x”"),
        ({"commands": [("/x", "d")]}, "must not begin with a slash"),
        ({"commands": [("x", "d"), ("x", "e")]}, "“x” is listed twice"),
        ({"group_commands": []}, "there are 0"),
    ],
)
def test_what_teams_would_refuse_is_refused_here(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ManifestError, match=re.escape(complaint)):
        build(**changes)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(ManifestError) as caught:
        build(app_id="", version="", commands=[])
    assert len(caught.value.problems) == 3


def test_the_package_holds_the_manifest_and_the_icons_it_names() -> None:
    manifest = build()
    with zipfile.ZipFile(io.BytesIO(build_package(manifest))) as package:
        assert package.testzip() is None
        assert package.namelist() == ["manifest.json", *manifest["icons"].values()]
        assert json.loads(package.read("manifest.json")) == manifest
        assert package.read("color.png") == (ICONS / "color.png").read_bytes()


def test_the_same_manifest_gives_the_same_bytes() -> None:
    assert build_package(build()) == build_package(build())
    with zipfile.ZipFile(io.BytesIO(build_package(build()))) as package:
        assert {entry.date_time for entry in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_color_icon_is_opaque_and_192_pixels_wide() -> None:
    with Image.open(ICONS / "color.png") as icon:
        assert (icon.format, icon.size) == ("PNG", (192, 192))
        assert not icon.has_transparency_data


def test_the_outline_icon_is_nothing_but_white_on_transparent() -> None:
    with Image.open(ICONS / "outline.png") as icon:
        assert (icon.format, icon.size, icon.mode) == ("PNG", (32, 32), "RGBA")
        red, green, blue, alpha = icon.split()
    assert {band.getextrema() for band in (red, green, blue)} == {(255, 255)}
    assert alpha.getextrema() == (0, 255)
    assert alpha.histogram()[0] > 500  # most of it is transparent


def test_the_schema_in_the_tests_is_the_one_the_manifest_names() -> None:
    assert f"/v{SCHEMA_VERSION}/" in build()["$schema"]
    assert SCHEMA_TEXT["properties"]["manifestVersion"]["const"] == SCHEMA_VERSION

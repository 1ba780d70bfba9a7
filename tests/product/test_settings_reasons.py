"""Why a setting was changed: said or typed, asked about, and kept where admins look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.people import SandboxGroup
from sync.settings.audit import AuditLog
from tests.doubles.inside import ADA, DOROTHEA, inputs, said_by
from tests.doubles.outside import titles
from tests.doubles.settings import history

if TYPE_CHECKING:
    from typing import Any

    from tests.doubles.inside import Office

pytestmark = pytest.mark.asyncio(loop_scope="module")

WHY = "INC0012345: the pilot <b>ends</b> [here](https://evil.example) {{DATE(2026-01-01)}}"


def line(card: dict[str, Any] | None) -> str:
    """What stands in the line for a reason."""
    assert card is not None
    return str(inputs(card)["reason"]["value"])


async def kept(place: Office) -> list[str]:
    return [record.reason for record in await history(AuditLog(place.redis))]


async def test_a_reason_that_is_said_stands_wherever_admins_look(place: Office) -> None:
    chat = place.chat(ADA)
    question = await chat.says("settings group Sales enable because INC0012345")
    assert line(question.card) == "INC0012345"
    done = await chat.clicks("Enable", question, reason="INC0012345, as Dorothea asked")
    assert "Reason: INC0012345, as Dorothea asked" in said_by(done)
    listed = said_by((await chat.says("settings history")).card)
    assert "Reason: INC0012345, as Dorothea asked" in listed
    assert (await kept(place))[-1] == "INC0012345, as Dorothea asked"
    assert "INC0012345, as Dorothea asked" in str(place.product.command.events("settings_changed"))


async def test_whatever_is_typed_is_shown_and_never_obeyed(place: Office) -> None:
    chat = place.chat(ADA)
    question = await chat.says("settings account disable")
    await chat.clicks("Disable", question, reason=WHY + "\n\u202e\x00")
    assert (await kept(place))[-1] == WHY
    await chat.says("settings history")
    assert place.complaints() == []


@pytest.mark.parametrize(
    ("reason", "told"), [("x" * 201, "200 characters"), ("x" * 5000, "too long")]
)
async def test_a_reason_that_is_too_long_changes_nothing(
    place: Office, reason: str, told: str
) -> None:
    chat = place.chat(ADA)
    question = await chat.says("settings account disable")
    shown = chat.now(question)
    typed = {inputs(shown)["reason"]["id"]: reason}
    pressed = chat.teams.presses(chat.client, shown, "Disable", on=question, inputs=typed)
    assert told in str((await chat.deliver(pressed))["value"])
    assert (await kept(place)) == [""]
    said = await chat.says(f"settings account disable because {reason}")
    assert titles(said.card)[0] != "Disable"


async def test_a_name_that_holds_because_is_found(place: Office) -> None:
    names = ("Sales", "Just because", "Team lock because", "Off because")
    place.zoom_groups([SandboxGroup(f"g{n}", name) for n, name in enumerate(names)])
    await place.directory_read_again()
    chat = place.chat(ADA)
    for said, question, reason in (
        ("Just because enable because INC1", "Enable presence sync for Just because?", "INC1"),
        ("Just because enable", "Enable presence sync for Just because?", ""),
        ('"Team lock because" disable', "Disable presence sync for Team lock because?", ""),
    ):
        card = (await chat.says(f"settings group {said}")).card
        assert question in said_by(card)
        assert line(card) == reason
    form = await chat.says("settings group Team lock because")
    assert "Settings for Team lock because" in said_by(form.card)
    meant = await chat.says("settings group Team lock because disable")
    assert "Did you mean settings group Team lock because disable?" in said_by(meant.card)
    nothing = await chat.says("settings group Sales enable because")
    assert "There is no reason after “because”." in said_by(nothing.card)
    assert await kept(place) == [""]


async def test_the_second_of_two_admins_sees_what_they_typed_again(place: Office) -> None:
    place.app_roles(DOROTHEA, "PresenceAdmin")
    await place.connect(DOROTHEA)
    first, second = place.chat(ADA), place.chat(DOROTHEA)
    one = await first.says("settings account style busy only because INC1")
    other = await second.says("settings account disable because INC2")
    await first.clicks("Use busy only", one)
    overtaken = await second.clicks("Disable", other)
    assert "Ada Lindqvist changed the settings" in said_by(overtaken)
    assert line(overtaken) == "INC2"
    await second.clicks("Disable", other, overtaken)
    assert (await kept(place))[-2:] == ["INC1", "INC2"]


async def test_a_form_asks_for_a_reason_too(place: Office) -> None:
    chat = place.chat(ADA)
    form = await chat.says("settings account")
    verify = await chat.clicks("Save", form, integration="false", reason="INC3")
    assert line(verify) == "INC3"
    saved = await chat.clicks("Disable", form, verify)
    assert "Reason: INC3" in said_by(saved)
    assert (await kept(place))[-1] == "INC3"

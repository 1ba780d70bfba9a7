"""The organisation's token is of a registration of its own: its consent, its rights, its sessions.

People go from their own sign-in to the organisation's authorisation and back; each time the old
session is cleared by the registration that set it before the other one's is set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.people import APP_ID, TENANT_ID
from sandbox.zoom_states import ZoomPresence
from sync.redis import keys
from tests.doubles.inside import ADA, BEN, inputs, office, reopened, said_by
from tests.doubles.outside import SECOND, SECOND_ID, titles

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.people import SandboxPerson
    from tests.doubles.inside import Office
    from tests.doubles.outside import Outside

pytestmark = pytest.mark.asyncio(loop_scope="module")

RIGHTS = ["Presence.ReadWrite.All", "User.Read.All"]
CALL = "Busy/InACall"


def held(place: Office, person: SandboxPerson = BEN) -> dict[str, str]:
    """The sessions that Microsoft holds of somebody, by registration."""
    sessions = place.around.state(person).sessions
    return {app: "/".join(session.pair) for app, session in sessions.items()}


async def holds(place: Office, wanted: dict[str, str]) -> None:
    await place.product.until(lambda: held(place) == wanted, f"Microsoft holds {wanted}")


async def asking(place: Office) -> None:
    """The whole account is authorised by the organisation, on request."""
    chat = place.chat(ADA)
    question = await chat.says("settings account authorise ask")
    await chat.clicks(titles(question.card)[0], question)


async def starts(place: Office) -> None:
    """Ben starts by the organisation's authorisation, in another process."""
    await place.beside.settings.cache.load()
    await place.beside.covering.starting.start(BEN.object_id, TENANT_ID)


def writes(place: Office) -> list[str]:
    lines = [line.what for line in place.around.state(BEN).journal]
    return [line.split()[0] for line in lines if line.startswith(("setPresence", "clearPresence"))]


async def test_it_is_consented_to_and_the_first_is_not(town: Outside, tmp_path: Path) -> None:
    async with office(town, tmp_path, **SECOND) as place:
        chat = place.chat()
        message = await chat.says("settings organisation")
        card = await chat.clicks("Authorise", message)
        [field] = inputs(card).values()
        async with town.browser() as browser:
            page = await browser.submit(await browser.open(str(field["value"])))
            assert page.url.query["client_id"] == SECOND_ID
            page = await browser.submit(page, person=ADA.object_id)
            assert "Read your profile" not in page.words, "people sign in with the other one"
            await browser.submit(page, decision="accept")
        await place.shows(chat, message, "Authorised since")
        assert set(place.world.second_rights.granted) == set(RIGHTS)
        assert place.world.own_rights.granted == {}


async def test_over_to_the_organisation_and_back(town: Outside, tmp_path: Path) -> None:
    async with office(town, tmp_path, second_rights=RIGHTS, **SECOND) as place:
        await place.connect(BEN)
        place.world.set_zoom(BEN.object_id, ZoomPresence.IN_MEETING)
        await holds(place, {APP_ID: CALL})
        await asking(place)
        await starts(place)
        await holds(place, {SECOND_ID: CALL})
        assert writes(place) == ["setPresence", "clearPresence", "setPresence"]
        row = await place.redis.hgetall(keys.person(BEN.object_id))
        now = (await place.redis.time())[0] * 1000
        assert await place.redis.exists(keys.tokens(BEN.object_id))
        assert int(row["own_until"]) > now, "his own authorisation is kept for this, and ends"
        assert (row["app"], row["by"]) == (SECOND_ID, "organisation")

        link = await place.beside.engine.people.link(BEN.object_id)
        assert link is not None
        chat = place.chat(BEN)
        assert "In a meeting" in said_by((await chat.says("status")).card)
        admin = place.chat(ADA)
        question = await admin.says("settings account authorise person")
        await admin.clicks("Let each person authorise", question)
        await holds(place, {APP_ID: CALL})  # the sign-in that was kept, without a new one
        place.world.set_zoom(BEN.object_id, ZoomPresence.AVAILABLE)
        await place.product.until(lambda: CALL not in held(place).values(), "the meeting is over")


async def test_the_operator_takes_it_out_again(town: Outside, tmp_path: Path) -> None:
    async with office(town, tmp_path, second_rights=RIGHTS, **SECOND) as place:
        await asking(place)
        place.world.set_zoom(BEN.object_id, ZoomPresence.IN_MEETING)
        await starts(place)
        await holds(place, {SECOND_ID: CALL})
    town.world.own_rights.hold(RIGHTS, town.world.clock.now())
    async with reopened(town, tmp_path) as place:
        place.world.set_zoom(BEN.object_id, ZoomPresence.PRESENTING)
        await holds(place, {SECOND_ID: CALL, APP_ID: "DoNotDisturb/Presenting"})
        assert place.product.command.events("session_left_to_end")
        chat = place.chat(BEN)
        question = await chat.says("disconnect")
        card = await chat.clicks("Disconnect", question)
        assert "The presence I’d set is cleared." not in said_by(card)
        assert held(place) == {SECOND_ID: CALL}, "only time clears it"
    # It comes in again: what it holds is its own to clear.
    async with office(town, tmp_path, **SECOND) as place:
        assert held(place) == {}

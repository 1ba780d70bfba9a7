"""*The organisation, on request*: nobody signs in, nobody is written for who did not say Start."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from sandbox.own_rights import Trouble
from sandbox.zoom_states import ZoomPresence
from sync.redis import keys
from tests.doubles.inside import ADA, BEN, CHIARA, DOROTHEA, office, said_by
from tests.doubles.outside import titles

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sandbox.people import SandboxPerson
    from tests.doubles.inside import Office
    from tests.doubles.outside import Chat, Outside
    from tests.doubles.teams import Sent

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALL = ("Busy", "InACall")
RIGHTS = ["Presence.ReadWrite.All", "User.Read.All"]


@pytest_asyncio.fixture(loop_scope="module")
async def org(town: Outside, tmp_path: Path) -> AsyncIterator[Office]:
    """The product where an organisation has consented."""
    async with office(town, tmp_path, rights=RIGHTS) as fresh:
        yield fresh


async def asking(place: Office, said: str = "settings account authorise ask") -> None:
    """A level says that the organisation authorises."""
    chat = place.chat(ADA)
    question = await chat.says(said)
    [confirm, _] = titles(question.card)
    await chat.clicks(confirm, question)


async def started(place: Office, person: SandboxPerson) -> None:
    chat = place.chat(person)
    offer = await chat.says("connect")
    assert titles(offer.card) == ["Start", "Not for me"], said_by(offer.card)
    card = await chat.clicks("Start", offer)
    assert "All set." in said_by(card)


async def test_start_is_enough_and_shows_meetings_only(org: Office) -> None:
    await asking(org)
    org.world.set_zoom(BEN.object_id, ZoomPresence.IN_MEETING)
    chat = org.chat(BEN)
    offer = await chat.says("connect")
    assert "You don’t have to sign in" in str(offer.card)
    assert org.around.told(BEN) is None
    assert await org.redis.exists(keys.person(BEN.object_id)) == 0
    card = await chat.clicks("Start", offer)
    assert "Zoom says “In a meeting”" in said_by(card)
    await org.product.told(BEN, CALL)
    org.world.set_zoom(BEN.object_id, ZoomPresence.AVAILABLE)
    await org.product.told(BEN, None)
    status = said_by((await chat.says("status")).card)
    assert "busy only" in status
    await chat.says("style mirror")
    await org.product.told(BEN, ("Available", "Available"))


async def test_not_for_me_is_never_overridden(org: Office) -> None:
    await asking(org)
    await started(org, BEN)
    org.world.set_zoom(BEN.object_id, ZoomPresence.IN_MEETING)
    await org.product.told(BEN, CALL)
    chat = org.chat(BEN)
    question = await chat.says("disconnect")
    assert "Only you can" in said_by(question.card)
    card = await chat.clicks("Disconnect", question)
    assert "The presence I’d set is cleared." in said_by(card)
    assert org.around.told(BEN) is None
    out = org.beside.covering.opt_outs
    assert await out.has(BEN.object_id, None)
    assert await out.has(CHIARA.object_id, BEN.zoom_id), "their Zoom user, too"
    assert await org.redis.exists(keys.person(BEN.object_id), keys.link(BEN.object_id)) == 0
    # Only they undo it.
    again = await chat.says("connect")
    assert "You chose Not for me before" in said_by(again.card)
    assert org.around.told(BEN) is None
    await chat.clicks("Start", again)
    await org.product.told(BEN, CALL)
    assert not await out.has(BEN.object_id, BEN.zoom_id)


async def test_where_each_person_authorises_they_sign_in(org: Office) -> None:
    offer = await org.chat(BEN).says("connect")
    assert titles(offer.card) == ["Connect with Microsoft", "Cancel"]
    admin = org.chat(ADA)
    await admin.clicks("Enable", await admin.says("settings group Sales enable"))
    await asking(org, "settings group Sales authorize ask")
    assert titles((await org.chat(BEN).says("connect")).card) == ["Start", "Not for me"]
    assert "Cancel" in titles((await org.chat(DOROTHEA).says("connect")).card)


@pytest.mark.parametrize(
    ("rights", "trouble"),
    [
        ((), None),
        (("User.Read.All",), None),
        (RIGHTS, Trouble.DISABLED),
        (RIGHTS, Trouble.BLOCKED),
    ],
)
async def test_without_consent_people_sign_in(
    town: Outside, tmp_path: Path, rights: tuple[str, ...], trouble: Trouble | None
) -> None:
    async with office(town, tmp_path, rights=rights) as place:
        await asking(place)
        place.world.own_rights.trouble = trouble
        await place.beside.settings.cache.load()
        starting = place.beside.covering.starting  # as a process that asks for its first token now
        assert await starting.startable(BEN.object_id) is None
        place.world.own_rights.trouble = None
        if trouble is None:
            offer = await place.chat(BEN).says("connect")
            assert titles(offer.card) == ["Connect with Microsoft", "Cancel"]


async def test_whom_nobody_knows_in_zoom_is_told_so(org: Office) -> None:
    await asking(org)
    chat, state = org.chat(BEN), org.world.people[BEN.object_id]
    state.person = replace(state.person, zoom_email=None)
    offer = await chat.says("connect")
    card = await chat.clicks("Start", offer)
    assert "Zoom has no user with your Microsoft address" in said_by(card)
    assert await org.redis.exists(keys.person(BEN.object_id)) == 0


async def test_taking_the_app_out_is_no_opt_out(org: Office) -> None:
    await asking(org)
    await started(org, BEN)
    org.world.set_zoom(BEN.object_id, ZoomPresence.IN_MEETING)
    await org.product.told(BEN, CALL)
    await org.chat(BEN).installs("remove")
    await org.until(lambda: gone(org, BEN), "the app is taken out")
    org.world.set_zoom(BEN.object_id, ZoomPresence.PRESENTING)
    await org.product.told(BEN, ("DoNotDisturb", "Presenting"))


async def gone(org: Office, person: SandboxPerson) -> bool:
    return bool(org.product.command.events("app_removed")) and person is BEN


async def test_back_to_each_person_clears_and_who_signs_in_goes_on(org: Office) -> None:
    await asking(org)
    await started(org, BEN)
    org.world.set_zoom(BEN.object_id, ZoomPresence.IN_MEETING)
    await org.product.told(BEN, CALL)
    admin = org.chat(ADA)
    question = await admin.says("settings account authorise person")
    assert "Who is affected: 1 person now" in said_by(question.card)
    await admin.clicks("Let each person authorise", question)
    await org.product.told(BEN, None)
    chat = org.chat(BEN)
    assert "you haven’t connected" in said_by((await chat.says("status")).card)
    await org.product.connected(BEN)
    await org.product.told(BEN, CALL)


async def test_who_had_signed_in_is_told_starts_and_falls_back_to_their_own(org: Office) -> None:
    await org.connect(BEN)
    org.world.set_zoom(BEN.object_id, ZoomPresence.IN_MEETING)
    await org.product.told(BEN, CALL)
    chat = org.chat(BEN)
    await chat.says("style full")
    await asking(org)

    async def told() -> bool:
        return any("connected by your own sign-in" in said_by(s.card) for s in offers(chat))

    await org.until(told, "they are told")
    [offer] = [s for s in offers(chat) if "connected by your own sign-in" in said_by(s.card)]
    assert titles(offer.card) == ["Start", "Not for me"]
    status = said_by((await chat.says("status")).card)
    assert "By your own sign-in." in status
    card = said_by(await chat.clicks("Start", offer))
    assert "I keep your own sign-in until" in card
    status = said_by((await chat.says("status")).card)
    assert "By your organisation. I keep your own sign-in until" in status
    assert await org.redis.exists(keys.tokens(BEN.object_id))
    org.world.set_zoom(BEN.object_id, ZoomPresence.PRESENTING)
    await org.product.told(BEN, ("DoNotDisturb", "Presenting"))
    question = await chat.says("disconnect")
    assert "your own sign-in, which I still keep" in said_by(question.card)
    await chat.clicks("Cancel", question)

    admin = org.chat(ADA)
    question = await admin.says("settings account authorise person")
    await admin.clicks("Let each person authorise", question)

    async def own() -> bool:
        return not await org.redis.hexists(keys.person(BEN.object_id), "by")

    await org.until(own, "their own counts again")
    org.world.set_zoom(BEN.object_id, ZoomPresence.IN_MEETING)
    await org.product.told(BEN, CALL)
    assert "your own sign-in" not in said_by((await chat.says("status")).card)
    assert org.product.command.events("own_authorisation_counts")


async def test_a_stop_says_who_carries_on_and_taking_the_app_out_ends_that(org: Office) -> None:
    await org.connect(CHIARA)
    await org.connect(DOROTHEA)
    await asking(org)
    await started(org, BEN)
    for person in (CHIARA, DOROTHEA):
        chat = org.chat(person)

        async def told(chat: Chat = chat) -> bool:
            return any("connected by your own sign-in" in said_by(s.card) for s in offers(chat))

        await org.until(told, "they are told")
        [offer] = [s for s in offers(chat) if "connected by your own sign-in" in said_by(s.card)]
        await chat.clicks("Start", offer)
    for person in (BEN, CHIARA, DOROTHEA):
        org.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
        await org.product.told(person, CALL)

    await org.chat(DOROTHEA).installs("remove")
    await org.until(lambda: gone(org, BEN), "the app is taken out")
    assert org.product.command.events("own_authorisation_ended")
    assert org.around.told(DOROTHEA) == CALL, "the organisation's stays"

    admin = org.chat(ADA)
    question = await admin.says("settings organisation stop")
    said = said_by(question.card)
    assert "Stop using the organisation’s authorisation for everyone?" in said
    assert "Who is affected: 2 people now." in said
    assert "Who carries on: 1 person had signed in themselves" in said
    await admin.clicks("Stop for everyone", question)
    for person in (BEN, DOROTHEA):
        await org.product.told(person, None)
    await org.shows(admin, question, "1 person carries on with their own sign-in")
    await org.product.told(CHIARA, CALL)
    assert not await org.redis.hexists(keys.person(CHIARA.object_id), "by")


async def test_not_for_me_ends_a_kept_sign_in_too(org: Office) -> None:
    await org.connect(BEN)
    org.world.set_zoom(BEN.object_id, ZoomPresence.IN_MEETING)
    await org.product.told(BEN, CALL)
    await asking(org)
    chat = org.chat(BEN)

    async def told() -> bool:
        return any("connected by your own sign-in" in said_by(s.card) for s in offers(chat))

    await org.until(told, "they are told")
    [offer] = [s for s in offers(chat) if "connected by your own sign-in" in said_by(s.card)]
    started = await chat.clicks("Start", offer)
    question = await chat.says("disconnect")
    await chat.clicks("Disconnect", question)
    assert started
    assert org.around.told(BEN) is None
    there = (keys.person(BEN.object_id), keys.link(BEN.object_id), keys.tokens(BEN.object_id))
    assert await org.redis.exists(*there) == 0


def offers(chat: Chat) -> list[Sent]:
    """Cards that came to somebody."""
    return [sent for sent in chat.received if sent.activity.get("attachments")]


async def test_stop_clears_everyone_whom_the_organisation_authorised(org: Office) -> None:
    await org.connect(CHIARA)
    await asking(org)
    await started(org, BEN)
    await started(org, DOROTHEA)
    for person in (BEN, CHIARA, DOROTHEA):
        org.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
        await org.product.told(person, CALL)

    admin = org.chat(ADA)
    question = await admin.says("settings organisation stop because CHG0012")
    assert "Stop and clear everyone whom the organisation authorised?" in said_by(question.card)
    assert "2 people now. That takes about a minute." in said_by(question.card)
    await admin.clicks("Cancel", question)
    assert org.around.told(BEN) == CALL

    question = await admin.says("settings organisation stop because CHG0012")
    await admin.clicks("Stop and clear everyone", question)
    for person in (BEN, DOROTHEA):
        await org.product.told(person, None)
    await org.shows(admin, question, "now off for 2 people")
    assert org.around.told(CHIARA) == CALL, "who signed in goes on"
    offer = await org.chat(BEN).says("connect")
    assert titles(offer.card) == ["Connect with Microsoft", "Cancel"]
    history = said_by((await admin.says("settings history")).card)
    assert "CHG0012" in history
    again = await admin.says("settings organisation stop")
    assert "Stop and clear everyone" not in titles(again.card)


async def test_the_overview_warns_where_levels_rely_on_what_has_ended(org: Office) -> None:
    admin = org.chat(ADA)
    await org.redis.hset(keys.CONSENT, "asked", 0)
    assert "Authorised since" in said_by((await admin.says("settings organisation")).card)
    org.world.own_rights.hold([], 0)
    await org.redis.hset(keys.CONSENT, "asked", 0)
    assert "No longer authorised" in said_by((await admin.says("settings organisation")).card)
    warning = "The organisation’s authorisation has ended. The consent was withdrawn"
    assert warning not in said_by((await admin.says("settings")).card)  # nobody relies on it
    await asking(org)
    overview = await admin.says("settings")
    assert warning in said_by(overview.card)
    assert "ends by" in said_by(overview.card)
    card = await admin.clicks("See what to do", overview)
    assert "Authorise" in titles(card)
    stopping = await admin.says("settings organisation stop")
    await admin.clicks("Stop and clear everyone", stopping)
    assert warning not in said_by((await admin.says("settings")).card)

"""Who may change settings: on every message and every click, on the server."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.invite.roster import RosterStore
from sandbox.zoom_states import ZoomPresence
from tests.doubles.inside import ADA, BEN, EMEKA, office, said_by
from tests.doubles.outside import titles, words

if TYPE_CHECKING:
    from pathlib import Path

    from tests.doubles.inside import Admin, Office
    from tests.doubles.outside import Outside

pytestmark = pytest.mark.asyncio(loop_scope="module")

REFUSED = "Settings are for admins"
OTHER_TENANT = "99999999-0000-4000-8000-000000000000"
COMMANDS = (
    "settings",
    "/settings account",
    "settings account disable",
    "settings group Sales",
    "settings group Sales disable",
    "settings group unknown",
    "settings groups",
    "settings user ada@example.com",
    "settings history",
)


async def may(chat: Admin) -> bool:
    return REFUSED not in said_by((await chat.says("settings")).card)


async def changes(place: Office) -> int:
    """How many changes and look-ups the history holds."""
    return int(await place.redis.xlen("pb:{settings}:audit"))


async def test_others_are_refused_on_every_message(place: Office) -> None:
    await place.connect(BEN)
    before = await changes(place)
    for person in (BEN, EMEKA):  # connected or not
        chat = place.chat(person)
        for said in COMMANDS:
            card = (await chat.says(said)).card
            assert REFUSED in said_by(card), said
            assert "Nothing was changed." in said_by(card)
            assert titles(card) == ["Status"] if person is BEN else ["Show my role", "Status"]
    assert await changes(place) == before
    assert "settings" not in words((await place.chat(BEN).says("help")).card)
    assert "settings" in words((await place.chat(ADA).says("help")).card)


async def test_others_are_refused_on_every_click_of_an_admins_card(place: Office) -> None:
    await place.connect(BEN)
    place.world.set_zoom(BEN.object_id, ZoomPresence.IN_MEETING)
    await place.product.told(BEN, ("Busy", "InACall"))
    before = await changes(place)
    admin, other = place.chat(ADA), place.chat(BEN)
    for said in ("settings group Sales disable", "settings account", "settings", "settings groups"):
        message = await admin.says(said)
        card = message.card
        assert card is not None
        for title in titles(card):
            click = other.teams.presses(other.client, card, title)  # as if it were forwarded
            answer = await other.deliver(click)
            assert REFUSED in said_by(answer["value"]), title
        assert admin.now(message) == card
    assert await changes(place) == before
    assert place.around.told(BEN) == ("Busy", "InACall")


async def test_an_app_role_makes_an_admin_once_they_are_connected(place: Office) -> None:
    chat = place.chat(BEN)
    place.app_roles(BEN, "PresenceAdmin")
    assert not await may(chat)  # nobody knows their roles yet
    await place.connect(BEN)
    assert await may(chat)
    question = await chat.says("settings group Sales disable")
    assert "Sales is" not in said_by(await chat.clicks("Disable", question))
    assert "Ben Okafor" in said_by((await chat.says("settings history")).card)


async def test_another_app_role_makes_no_admin(place: Office) -> None:
    place.app_roles(BEN, "presenceadmin", "Presence.Admin", "Admin")
    await place.connect(BEN)
    assert not await may(place.chat(BEN))


async def test_a_role_that_was_withdrawn_ends_with_the_next_connection(place: Office) -> None:
    place.app_roles(BEN, "PresenceAdmin")
    await place.connect(BEN)
    chat = place.chat(BEN)
    question = await chat.says("settings account disable")
    place.app_roles(BEN)
    again = await chat.says("disconnect")
    await chat.presses("Disconnect", again)
    await place.connect(BEN)
    assert not await may(chat)
    assert REFUSED in said_by(await chat.clicks("Disable", question))


async def test_a_zoom_admin_counts_where_the_operator_says_so(
    town: Outside, tmp_path: Path
) -> None:
    async with office(town, tmp_path, ADMIN_OBJECT_IDS=None, ADMIN_ZOOM_ROLE="on") as place:
        assert not await may(place.chat(ADA))  # not connected: nobody knows whom Zoom means
        await place.connect(ADA, BEN)
        assert await may(place.chat(ADA))
        assert not await may(place.chat(BEN))
        card = (await place.chat(BEN).says("settings")).card
        assert "who may edit the account’s settings in Zoom" in said_by(card)


async def test_a_zoom_admin_is_nobody_where_the_operator_does_not(
    town: Outside, tmp_path: Path
) -> None:
    async with office(town, tmp_path, ADMIN_OBJECT_IDS=None) as place:
        await place.connect(ADA)
        assert not await may(place.chat(ADA))


@pytest.mark.parametrize(
    "facts",
    [
        {"upn": "ben_partner.example#EXT#@example.com"},
        {"user_type": "Guest"},
        {"home": "ExternalAzureAD"},
    ],
    ids=str,
)
async def test_guests_are_never_admins(
    town: Outside, tmp_path: Path, facts: dict[str, str]
) -> None:
    async with office(
        town, tmp_path, ADMIN_OBJECT_IDS=f"{ADA.object_id},{BEN.object_id}", ADMIN_ZOOM_ROLE="on"
    ) as place:
        guest = replace(BEN, admin=True, **facts)  # type: ignore[arg-type] # each is a text
        place.world.people[BEN.object_id].person = guest
        place.app_roles(BEN, "PresenceAdmin")
        await place.connect(BEN)
        card = (await place.chat(BEN).says("settings")).card
        assert "Settings aren’t for guests" in said_by(card)
        assert await may(place.chat(ADA))


@pytest.mark.parametrize(
    "facts",
    [{"userPrincipalName": "ada_partner.example#EXT#@example.com"}, {"userRole": "guest"}],
    ids=str,
)
async def test_guests_are_never_admins_nor_before_they_connect(
    place: Office, facts: dict[str, str]
) -> None:
    place.teams.members[ADA.object_id] |= facts
    try:
        chat = place.chat(ADA)  # whom the operator names
        await chat.says("hi")

        async def known() -> bool:
            return await RosterStore(place.redis).is_external(ADA.object_id)

        await place.until(known, "the channel has told who they are")
        card = (await chat.says("settings account disable")).card
        assert "Settings aren’t for guests" in said_by(card)
        assert titles(card) == []
    finally:
        place.teams.knows(ADA.object_id, ADA.name, upn=ADA.upn, mail=ADA.mail)


async def test_another_tenant_is_refused_also_with_an_admins_id_and_card(place: Office) -> None:
    chat = place.chat(ADA)
    question = await chat.says("settings group Sales disable")
    before, teams = await changes(place), place.teams
    foreign = {
        "channelData": {"tenant": {"id": OTHER_TENANT}},
        "conversation": {"id": chat.client.conversation_id, "tenantId": OTHER_TENANT},
    }
    assert question.card is not None
    for activity in (
        teams.says(chat.client, "settings account disable"),
        teams.presses(chat.client, question.card, "Disable", on=question),
    ):
        status, _ = await teams.deliver(place.product.messages_url, activity | foreign)
        assert status == 403
    assert await changes(place) == before
    assert chat.received == [question]


@pytest.mark.parametrize("kind", ["groupChat", "channel"])
async def test_where_others_read_along_the_conversation_moves_to_the_admins_own(
    place: Office, kind: str
) -> None:
    where = "19:office@thread.v2"
    here, own = place.product.group(ADA, where, kind), place.chat(ADA)
    said = "<at>Presence Bridge</at> settings group Sales disable"
    told = await here.says(said, entities=[here.mention])
    assert told.card is None
    assert "private chat" in told.text
    question = own.received[-1]
    assert titles(question.card) == ["Disable", "Cancel"]
    # Somebody brings the card back into the group, and others press its button there.
    before = await changes(place)
    assert question.card is not None
    place.app_roles(BEN, "PresenceAdmin")
    await place.connect(BEN)
    for person, answer in ((EMEKA, REFUSED), (BEN, "card is someone else’s")):
        group, private = place.product.group(person, where, kind), place.chat(person)
        await group.deliver(group.teams.presses(group.client, question.card, "Disable"))
        assert answer in said_by(private.received[-1].card)
    assert await changes(place) == before
    assert own.now(question) == question.card
    # Whom it asked may press it anywhere; the answer is private.
    count = len(here.received)
    await here.deliver(here.teams.presses(here.client, question.card, "Disable"))
    assert "Presence sync is disabled for Sales." in said_by(own.received[-1].card)
    assert all(message.card is None for message in here.received[count:])
    assert await changes(place) == before + 1


async def test_an_admin_does_not_answer_what_another_admin_was_asked(place: Office) -> None:
    place.app_roles(BEN, "PresenceAdmin")
    await place.connect(BEN)
    admin, other = place.chat(ADA), place.chat(BEN)
    before = await changes(place)
    for said, title in (("settings account lock", "Lock"), ("settings account", "Save")):
        message = await admin.says(said)
        assert message.card is not None
        answer = await other.deliver(other.teams.presses(other.client, message.card, title))
        assert "This card is someone else’s." in said_by(answer["value"])
    assert await changes(place) == before

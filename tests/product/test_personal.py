"""What people decide for themselves: pause, resume, style; and the notice at the first meeting."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from domain.person import Patch
from domain.policy import Personal
from sandbox.graph_presence import TeamsClient
from sandbox.world import BY_APP, BY_PERSON
from sandbox.zoom_states import ZoomPresence
from sync.redis import keys
from tests.doubles.inside import ADA, BEN, CHIARA, said_by
from tests.doubles.outside import FIRST_MEETING as NOTICE
from tests.doubles.outside import titles

if TYPE_CHECKING:
    from sandbox.people import SandboxPerson
    from tests.doubles.inside import Admin, Office

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALL = ("Busy", "InACall")
AVAILABLE = ("Available", "Available")
PRESENTING = ("DoNotDisturb", "Presenting")


async def in_a_meeting(place: Office, person: SandboxPerson = BEN) -> Admin:
    await place.connect(person)
    place.world.set_zoom(person.object_id, ZoomPresence.IN_MEETING)
    await place.product.told(person, CALL)
    return place.chat(person)


async def paused_until(place: Office, person: SandboxPerson = BEN) -> datetime:
    """The end of a pause, as it is stored."""
    stored = int(await place.redis.hget(keys.person(person.object_id), "paused"))
    return datetime.fromtimestamp(stored / 1000, ZoneInfo("UTC"))


async def now(place: Office) -> datetime:
    return datetime.fromtimestamp((await place.redis.time())[0], ZoneInfo("UTC"))


# -- pause ------------------------------------------------------------------------------------


async def test_a_pause_clears_and_resuming_shows_again(place: Office) -> None:
    chat = await in_a_meeting(place)
    message = await chat.says("pause")
    assert "Paused until you resume." in said_by(message.card)
    await place.product.told(BEN, None)
    status = await chat.says("status")
    assert "you paused" in said_by(status.card)
    assert titles(status.card)[0] == "Resume"
    card = await chat.clicks("Resume", message)
    await place.product.told(BEN, CALL)
    assert "Resumed" in said_by(card)
    assert "because Zoom has said “In a meeting”" in said_by(card)
    assert "You weren’t paused" in said_by((await chat.says("resume")).card)


async def test_a_pause_for_a_time(place: Office) -> None:
    chat = await in_a_meeting(place)
    for said, length in (
        ("pause for 2h", timedelta(hours=2)),
        ("/Pause for 90 minutes", timedelta(minutes=90)),
        ("pause 1 day", timedelta(days=1)),
    ):
        before = await now(place)
        text = said_by((await chat.says(said)).card)
        end = await paused_until(place)
        assert timedelta() <= end - (before + length) <= timedelta(seconds=5), said
        local = end.astimezone(ZoneInfo("Europe/Stockholm"))  # where their client is
        assert f"{local:%H:%M}" in text, said
        assert "After that I’ll carry on." in text


@pytest.mark.parametrize(
    "zone", ["America/New_York", "Asia/Kolkata", "Pacific/Auckland", "Europe/Stockholm"]
)
async def test_a_pause_until_a_time_of_the_persons_own_day(place: Office, zone: str) -> None:
    await place.connect(BEN)
    chat, here = place.chat(BEN), ZoneInfo(zone)
    began = await now(place)
    text = said_by((await chat.says("pause until 17:00", localTimezone=zone)).card)
    end = (await paused_until(place)).astimezone(here)
    assert (end.hour, end.minute, end.second) == (17, 0, 0)
    assert timedelta() < end - began <= timedelta(hours=25)
    assert "17:00" in text
    assert " until " in said_by((await chat.says("status", localTimezone=zone)).card)


@pytest.mark.parametrize("zone", [None, "", "Atlantis/Nowhere", "../../etc/passwd", 7])
async def test_a_time_without_a_usable_zone_is_universal_and_says_so(
    place: Office, zone: object
) -> None:
    await place.connect(BEN)
    said = await place.chat(BEN).says("pause until 17:00", localTimezone=zone, entities=[])
    assert "17:00 UTC" in said_by(said.card)
    assert (await paused_until(place)).hour == 17


async def test_the_zone_counts_however_a_client_says_it(place: Office) -> None:
    await place.connect(BEN)
    chat, here = place.chat(BEN), ZoneInfo("Asia/Kolkata")
    stamp = "2026-01-01T17:30:00.000+05:30"
    shapes: list[dict[str, Any]] = [
        {"localTimezone": "asia/calcutta"},
        {"localTimezone": "India Standard Time"},
        {"localTimezone": "GMT+05:30"},
        {"localTimezone": "\u200eGMT\u200e+\u200e05:30"},
        {"entities": [{"type": "clientInfo", "timezone": "Asia/Kolkata"}]},
        {"localTimestamp": stamp},
        {"localTimestamp": f"{stamp}[Asia/Kolkata]"},
    ]
    for shape in shapes:
        said = {"localTimezone": None, "entities": None} | shape
        message = await chat.says("pause until 17:00", **said)
        end = (await paused_until(place)).astimezone(here)
        assert (end.hour, end.minute) == (17, 0), shape
        assert "17:00 UTC" not in said_by(message.card)
        click = chat.teams.presses(chat.client, chat.now(message), "Status", on=message)
        card = (await chat.deliver(click | said))["value"]
        assert "17:00." in said_by(card), shape


async def test_a_pause_ends_by_itself(place: Office) -> None:
    chat = await in_a_meeting(place)
    await chat.says("pause for 1h")
    await place.product.told(BEN, None)
    # An hour less: the same pause, nearly over.
    end = int((await now(place)).timestamp() * 1000) + 2_000
    await place.beside.engine.people.demand(
        BEN.object_id, patch=Patch.chose(Personal(paused_until_ms=end))
    )
    assert place.around.told(BEN) is None
    await place.product.told(BEN, CALL)
    assert (await place.redis.time())[0] * 1000 + 1000 >= end
    assert "because Zoom has said" in said_by((await chat.says("status")).card)


async def test_a_pause_can_be_shortened_by_a_button(place: Office) -> None:
    chat = await in_a_meeting(place)
    message = await chat.says("pause")
    before = await now(place)
    card = await chat.clicks("Only for 1 hour", message)
    assert "After that I’ll carry on." in said_by(card)
    assert (await paused_until(place)) - before <= timedelta(hours=1, seconds=5)


async def test_words_that_mean_nothing_pause_nothing(place: Office) -> None:
    chat = await in_a_meeting(place)
    for said in ("pause for ever and ever", "pause until 25:00"):
        assert "Nothing was changed." in said_by((await chat.says(said)).card), said
    for said in ("pause for 5", "pause until 5"):
        assert "Nothing has changed yet." in said_by((await chat.says(said)).card), said
    assert place.around.told(BEN) == CALL
    assert await place.redis.hget(keys.person(BEN.object_id), "paused") is None


async def test_without_a_connection_there_is_nothing_to_pause(place: Office) -> None:
    chat = place.chat(BEN)
    for said in ("pause", "resume", "style", "style full"):
        assert "Not connected." in said_by((await chat.says(said)).card), said


async def test_a_pause_outlives_a_change_of_settings_and_a_lock(place: Office) -> None:
    chat = await in_a_meeting(place)
    await chat.says("pause")
    await place.product.told(BEN, None)
    admin = place.chat(ADA)
    for said, title in (
        ("settings account lock", "Lock"),
        ("settings account style full", "Use full"),
    ):
        question = await admin.says(said)
        await admin.clicks(title, question)
    await place.at_rest()
    assert place.around.told(BEN) is None
    await chat.says("resume")
    await place.product.told(BEN, CALL)
    await chat.says("pause")  # locked, and yet
    await place.product.told(BEN, None)


# -- style ------------------------------------------------------------------------------------


async def test_each_style_shows_what_it_says(place: Office) -> None:
    await place.connect(BEN)
    chat = place.chat(BEN)
    place.world.set_zoom(BEN.object_id, ZoomPresence.AVAILABLE)
    await place.product.told(BEN, AVAILABLE)
    message = await chat.says("style")
    assert "Your style is mirror, set by your admins." in said_by(message.card)
    assert titles(message.card) == ["Busy only", "Full", "Quiet"]
    card = await chat.clicks("Busy only", message)
    assert "Your style is now busy only." in said_by(card)
    await place.product.told(BEN, None)
    place.world.set_zoom(BEN.object_id, ZoomPresence.IN_MEETING)
    await place.product.told(BEN, CALL)
    card = await chat.clicks("Follow my organisation", message)
    assert "Your style is now mirror." in said_by(card)
    place.world.set_zoom(BEN.object_id, ZoomPresence.AVAILABLE)
    await place.product.told(BEN, AVAILABLE)


async def full(place: Office) -> None:
    """Ben chooses the style full, and says yes to what it may do."""
    chat = place.chat(BEN)
    asked = await chat.says("style full")
    assert "can replace an Available or Away that you set by hand" in said_by(asked.card)
    assert "Your style is now full." in said_by(await chat.clicks("Use full", asked))


async def test_full_is_not_used_before_the_answer(place: Office) -> None:
    await place.connect(BEN)
    chat = place.chat(BEN)
    asked = await chat.says("style full")
    assert "Your style is mirror" in said_by(await chat.clicks("Cancel", asked))
    await full(place)


async def test_quiet_is_do_not_disturb_in_meetings_and_ends_with_them(place: Office) -> None:
    await place.connect(BEN)
    chat = place.chat(BEN)
    place.world.set_zoom(BEN.object_id, ZoomPresence.IN_MEETING)
    await place.product.told(BEN, CALL)
    styles = await chat.says("style")
    assert titles(styles.card) == ["Busy only", "Full", "Quiet"]
    asked = await chat.clicks("Quiet", styles)
    assert "Teams calls and messages don’t ring or pop up. Urgent ones may." in said_by(asked)
    assert place.around.told(BEN) == CALL
    card = await chat.clicks("Use quiet", styles, asked)
    assert "Your style is now quiet." in said_by(card)
    await place.product.told(BEN, PRESENTING)
    place.world.set_zoom(BEN.object_id, ZoomPresence.AVAILABLE)
    await place.product.told(BEN, AVAILABLE)


async def test_quiet_leaves_a_status_set_by_hand_and_gives_way_to_a_lock(place: Office) -> None:
    await place.connect(BEN)
    chat, world = place.chat(BEN), place.world
    world.set_teams(BEN.object_id, TeamsClient.ACTIVE)
    world.set_manual(BEN.object_id, "Available")
    await chat.clicks("Use quiet", await chat.says("style quiet"))
    world.set_zoom(BEN.object_id, ZoomPresence.ON_PHONE_CALL)
    await place.product.told(BEN, PRESENTING)
    assert world.shown(BEN.object_id) == AVAILABLE
    status = said_by((await chat.says("status")).card)
    assert "your own status always wins" in status

    asked = await place.chat(ADA).says("settings account lock")
    await place.chat(ADA).clicks("Lock", asked)
    await place.product.told(BEN, CALL)
    said = said_by((await chat.says("style quiet")).card)
    assert "Your style is mirror. It’s set for your organisation and locked." in said
    asked = await place.chat(ADA).says("settings account unlock")
    await place.chat(ADA).clicks("Unlock", asked)
    await place.product.told(BEN, PRESENTING)


async def test_an_admin_cannot_choose_quiet_for_others(place: Office) -> None:
    await place.connect(ADA)
    message = await place.chat(ADA).says("settings account style quiet")
    assert "People can only choose quiet for themselves" in said_by(message.card)


async def test_full_writes_the_preferred_status_and_takes_back_its_own(place: Office) -> None:
    await place.connect(BEN)
    await full(place)
    state, world = place.around.state(BEN), place.world
    world.set_zoom(BEN.object_id, ZoomPresence.DO_NOT_DISTURB)
    await place.product.until(lambda: state.preferred is not None, "the status is preferred")
    own = state.preferred
    assert own is not None
    assert (own.pair, own.by) == (("DoNotDisturb", "DoNotDisturb"), BY_APP)
    assert 0 < own.expires_at - world.clock.now() <= 3600  # a crash heals within the hour
    assert world.shown(BEN.object_id) == ("DoNotDisturb", "DoNotDisturb")
    world.set_zoom(BEN.object_id, ZoomPresence.AVAILABLE)
    await place.product.until(lambda: state.preferred is None, "it is taken back")
    await place.product.told(BEN, AVAILABLE)


@pytest.mark.parametrize("teams", [TeamsClient.ACTIVE, TeamsClient.CLOSED])
async def test_full_never_touches_a_status_that_was_there_before(
    place: Office, teams: TeamsClient
) -> None:
    await place.connect(BEN)
    state = place.around.state(BEN)
    await full(place)
    place.world.set_teams(BEN.object_id, teams)
    place.world.set_manual(BEN.object_id, "BeRightBack")
    by_hand = state.preferred
    assert by_hand is not None
    assert by_hand.by == BY_PERSON
    for presence in (ZoomPresence.DO_NOT_DISTURB, ZoomPresence.BUSY, ZoomPresence.OFFLINE):
        place.world.set_zoom(BEN.object_id, presence)
        await settled(place)
        assert state.preferred == by_hand
        if teams is TeamsClient.ACTIVE:
            assert place.world.shown(BEN.object_id) == ("BeRightBack", "BeRightBack")


async def test_full_leaves_what_was_chosen_after_it(place: Office) -> None:
    await place.connect(BEN)
    state = place.around.state(BEN)
    await full(place)
    place.world.set_zoom(BEN.object_id, ZoomPresence.DO_NOT_DISTURB)
    await place.product.until(lambda: state.preferred is not None, "the status is preferred")
    place.world.set_manual(BEN.object_id, "Away")
    chosen = state.preferred
    place.world.set_zoom(BEN.object_id, ZoomPresence.OFFLINE)
    await settled(place)
    assert state.preferred == chosen


async def test_pausing_and_an_admins_disable_take_back_only_our_own(place: Office) -> None:
    await place.connect(BEN)
    chat, state = place.chat(BEN), place.around.state(BEN)
    await full(place)
    place.world.set_zoom(BEN.object_id, ZoomPresence.DO_NOT_DISTURB)
    await place.product.until(lambda: state.preferred is not None, "the status is preferred")
    await chat.says("pause")
    await place.product.until(lambda: state.preferred is None, "it is taken back")
    await place.product.told(BEN, None)
    await chat.says("resume")
    await place.product.until(lambda: state.preferred is not None, "the status is preferred")
    admin = place.chat(ADA)
    question = await admin.says("settings group Sales disable")
    await admin.clicks("Disable", question)
    await place.product.until(lambda: state.preferred is None, "it is taken back")
    await place.product.told(BEN, None)


async def settled(place: Office, person: SandboxPerson = BEN) -> None:
    """Wait until what Zoom said has been acted on."""

    async def answered() -> bool:
        got, done = await place.redis.hmget(keys.person(person.object_id), "got", "acted")
        return not place.world.webhooks.pending and got == done

    await place.until(answered, "what Zoom said has been acted on")


# -- the first meeting ------------------------------------------------------------------------


def notices(chat: Admin) -> int:
    return sum(NOTICE in said_by(m.card) for m in chat.received if m.method == "POST" and m.card)


async def noticed(place: Office, chat: Admin, times: int) -> None:
    async def told() -> bool:
        return notices(chat) == times

    await place.until(told, f"there were {times} notices (at last: {notices(chat)})")


async def test_the_first_meeting_is_told_once_for_each_link(place: Office) -> None:
    chat = await in_a_meeting(place)
    await noticed(place, chat, 1)
    [message] = [m for m in chat.received if NOTICE in said_by(m.card)]
    assert "You’re in Zoom, so I’ve told Microsoft “In a call”." in said_by(message.card)
    assert titles(message.card) == ["OK", "Pause", "Why?"]
    for presence, pair in (
        (ZoomPresence.AVAILABLE, AVAILABLE),
        (ZoomPresence.PRESENTING, ("DoNotDisturb", "Presenting")),
        (ZoomPresence.AVAILABLE, AVAILABLE),
        (ZoomPresence.IN_MEETING, CALL),
    ):
        place.world.set_zoom(BEN.object_id, presence)
        await place.product.told(BEN, pair)
    await settled(place)
    assert notices(chat) == 1
    assert "Your presence" in said_by(await chat.clicks("Why?", message))

    question = await chat.says("disconnect")
    await chat.presses("Disconnect", question)
    await place.connect(BEN)  # still in the meeting
    await noticed(place, chat, 2)


async def test_the_notice_pauses(place: Office) -> None:
    chat = await in_a_meeting(place)
    await noticed(place, chat, 1)
    [message] = [m for m in chat.received if NOTICE in said_by(m.card)]
    await chat.clicks("Pause", message)
    await place.product.told(BEN, None)


async def test_who_is_off_or_not_in_a_meeting_is_told_nothing(place: Office) -> None:
    admin = place.chat(ADA)
    question = await admin.says("settings group Sales disable")
    await admin.clicks("Disable", question)
    await place.connect(BEN, ADA)
    place.world.set_zoom(BEN.object_id, ZoomPresence.IN_MEETING)
    place.world.set_zoom(ADA.object_id, ZoomPresence.AVAILABLE)
    await place.product.told(ADA, AVAILABLE)
    await settled(place)
    assert notices(place.chat(BEN)) == 0
    assert notices(admin) == 0
    # It comes when their group is switched on in the meeting.
    question = await admin.says("settings group Sales enable")
    await admin.clicks("Enable", question)
    await noticed(place, place.chat(BEN), 1)
    assert notices(place.chat(CHIARA)) == 0

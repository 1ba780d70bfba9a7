"""People for whom nothing is tried any more: seen by admins and by themselves, and tried again."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from domain.history import LOOK_UP, REVIVE
from sandbox.faults import Fault, FaultKind
from sync.settings.audit import AuditLog
from tests.cards import lint
from tests.doubles.inside import ADA, BEN, CHIARA, parked, said_by
from tests.doubles.outside import facts, titles
from tests.doubles.product import run
from wording.trouble import TROUBLES

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from tests.doubles.inside import Admin, Office

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALL = ("Busy", "InACall")
GONE = TROUBLES["gone"]


async def opened(chat: Admin) -> tuple[Any, dict[str, Any]]:
    """The list of those in trouble, from the control centre."""
    centre = await chat.says("settings")
    return centre, await chat.clicks("Who has problems", centre)


async def tried_again(place: Office) -> list[tuple[str, object]]:
    records = [record async for record in AuditLog(place.redis).everything()]
    return [(record.scope_name, record.new) for record in records if record.kind == REVIVE]


async def test_somebody_in_trouble_is_found_understood_and_tried_again(
    place: Office, tmp_path: Path
) -> None:
    bring_back = await parked(place, BEN)
    chat = place.chat(ADA)
    centre = await chat.says("settings")
    assert "1 problems" in said_by(lint.without_charts(centre.card))
    assert "Problems: 1 unknown to Microsoft" in said_by(centre.card)
    card = await chat.clicks("Who has problems", centre)
    assert "1 person: 1 unknown to Microsoft" in said_by(card)
    assert f"{BEN.name} · ben@example.com {GONE.what}, since" in said_by(card)
    assert titles(card) == ["Open", "Try again", "Refresh", "All settings"]

    card = await chat.clicks("Open", centre)
    assert facts(card)["Connection"] == "Connected, but I’ve stopped trying to update them"
    assert facts(card)["Problem"].startswith(f"{GONE.what} (")
    assert GONE.to_do in said_by(card)
    assert titles(card)[0] == "Try again"
    bring_back()
    card = await chat.clicks("Try again", centre)
    assert "I’m trying again, and nothing has failed so far." in said_by(card)
    assert re.fullmatch(r"None now\. The last was graph_404 at \d\d:\d\d", facts(card)["Problem"])
    assert titles(card)[0] == "Open the account"
    await place.product.told(BEN, CALL)  # the test that he had begun
    assert await tried_again(place) == [("ben@example.com", None)]
    history = said_by((await chat.says("settings history")).card)
    assert f"ben@example.com: tried again {ADA.name}," in history
    assert f"people with problems: looked up {ADA.name}," in history
    code, printed = await run(
        "audit", environ={"REDIS_URL": place.around.redis.url}, folder=tmp_path
    )
    assert code == 0, printed
    assert printed.endswith(f"{ADA.name} ({ADA.object_id})  revive  ben@example.com")
    assert "Problems" not in said_by((await chat.says("settings")).card)


async def test_an_attempt_that_fails_too_says_so(place: Office) -> None:
    bring_back = await parked(place, BEN)
    chat = place.chat(ADA)
    centre, _ = await opened(chat)
    opened_card = await chat.clicks("Open", centre)
    card = await chat.clicks("Try again", centre)
    assert "I tried again, but it failed." in said_by(card)
    assert "graph_404; I’ll try again" in facts(card)["Problem"]
    assert "Problems: 1 being retried" in said_by((await chat.says("settings")).card)
    bring_back()
    await place.product.told(BEN, CALL)
    card = await chat.clicks("Try again", centre, opened_card)
    assert "There was nothing to try again." in said_by(card)
    assert await tried_again(place) == [("ben@example.com", None)]


async def test_all_of_them_can_be_tried_again_at_once(place: Office, tmp_path: Path) -> None:
    bring_back = await parked(place, BEN, CHIARA)
    bring_back()
    chat = place.chat(ADA)
    centre, card = await opened(chat)
    assert "2 people: 2 unknown to Microsoft" in said_by(card)
    card = await chat.clicks("Try all 2 again", centre)
    assert "I’m trying again for 2 people." in said_by(card)
    await place.product.told(BEN, CALL)
    await place.product.told(CHIARA, CALL)
    card = await chat.clicks("Refresh", centre)
    assert "Nobody. Everyone who’s connected is being updated." in said_by(card)
    assert await tried_again(place) == [("people with problems", {"people": 2})]
    history = said_by((await chat.says("settings history")).card)
    assert "people with problems: tried 2 people again" in history
    environ = {"REDIS_URL": place.around.redis.url}
    code, printed = await run("audit", environ=environ, folder=tmp_path)
    assert code == 0, printed
    assert any(line.endswith("look-up  people with problems") for line in printed.splitlines())
    assert "revive  people with problems: 2 people" in printed
    _, printed = await run("audit", "--json", environ=environ, folder=tmp_path)
    [row] = [row for row in map(json.loads, printed.splitlines()) if row["kind"] == REVIVE]
    assert (row["by"], row["scope"], row["new"]) == (ADA.object_id, "parked", {"people": 2})


async def test_only_the_admin_who_was_shown_it_has_anybody_tried_again(place: Office) -> None:
    await parked(place, BEN)
    place.app_roles(CHIARA, "PresenceAdmin")
    await place.connect(CHIARA)
    chat = place.chat(ADA)
    centre, card = await opened(chat)
    for person, says in ((BEN, "admin"), (CHIARA, "card is someone else’s")):
        other = place.chat(person)
        answer = await other.deliver(
            other.teams.presses(other.client, card, "Try again", on=centre)
        )
        assert says in said_by(answer["value"])
        assert "unknown to Microsoft" not in said_by(answer["value"])
    assert await tried_again(place) == []


async def test_who_left_meanwhile_is_not_explained(place: Office) -> None:
    bring_back = await parked(place, BEN)
    chat = place.chat(ADA)
    centre, _ = await opened(chat)
    bring_back()
    question = await place.chat(BEN).says("disconnect")
    await place.chat(BEN).clicks("Disconnect", question)
    before = chat.now(centre)
    for title in ("Open", "Try again"):
        card = await chat.clicks(title, centre, before)
        assert "Nobody. Everyone who’s connected" in said_by(card)
    looked_up = [r.scope async for r in AuditLog(place.redis).everything() if r.kind == LOOK_UP]
    assert set(looked_up) == {"parked"}
    assert await tried_again(place) == []


async def test_what_only_the_person_can_end_is_not_offered_to_be_tried_again(
    place: Office,
) -> None:
    await place.connect(BEN)
    place.world.identity.revoke(BEN.object_id)
    place.world.faults.graph.append(Fault(FaultKind.UNAUTHORIZED, times=2))
    chat = place.chat(BEN)
    await chat.presses("Test it", on=chat.received[-1])
    admin = place.chat(ADA)

    async def noticed() -> bool:
        text = said_by((await admin.says("settings")).card)
        return "Problems: 1 no longer authorised" in text

    await place.until(noticed, "the settings tell of it")
    centre, card = await opened(admin)
    assert titles(card) == ["Open", "Refresh", "All settings"]
    card = await admin.clicks("Open", centre)
    assert TROUBLES["authorize"].to_do in said_by(card)
    assert titles(card) == ["Open the account", "All settings"]

"""By whose authorisation everybody is shown, as the sandbox's panel is told by the product."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from domain.clock import DAY
from domain.coverage import Announcement, How, starts_ms
from domain.share import in_share
from launch.covered import who_is_covered
from sandbox.coverage import Mark
from sandbox.people import PEOPLE
from sync.organisation.announcements import ANNOUNCEMENTS
from sync.redis import keys
from tests.doubles.inside import ADA, BEN, CHIARA, DOROTHEA, EMEKA, FARID, office, said_by
from tests.doubles.outside import titles
from wording.figures import day

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sandbox.people import SandboxPerson
    from tests.doubles.inside import Office
    from tests.doubles.outside import Outside

pytestmark = pytest.mark.asyncio(loop_scope="module")

RIGHTS = ["Presence.ReadWrite.All", "User.Read.All"]
CHOSE = (Mark.COVERED, "By the organisation, on request: they chose Start")


@pytest_asyncio.fixture(loop_scope="module")
async def org(town: Outside, tmp_path: Path) -> AsyncIterator[Office]:
    async with office(town, tmp_path, rights=RIGHTS) as place:
        await place.connect(CHIARA)
        yield place


async def confirmed(place: Office, said: str) -> None:
    chat = place.chat(ADA)
    question = await chat.says(said)
    await chat.clicks(titles(question.card)[-2], question)


async def shown(place: Office) -> dict[str, tuple[Mark, str, str]]:
    await place.beside.settings.cache.load()
    told = await who_is_covered(place.beside, PEOPLE)
    assert told is not None
    return {each.object_id: (each.mark, each.words, each.more) for each in told}


async def told_at(place: Office, person: SandboxPerson, at_ms: int) -> None:
    told = ANNOUNCEMENTS.dump(Announcement(at_ms, How.INFORMED))
    await place.redis.set(keys.announced(person.object_id), told)


async def comes(place: Office, person: SandboxPerson, mark: Mark, words: str) -> str:
    """Wait until it stands so with somebody; what more is said of it."""

    async def so() -> bool:
        return (await shown(place))[person.object_id][:2] == (mark, words)

    last = (await shown(place))[person.object_id]
    await place.until(so, f"{person.name} is {words!r}; at first: {last}")
    return (await shown(place))[person.object_id][2]


async def test_each_kind_is_said_as_it_is(org: Office) -> None:
    assert await comes(org, CHIARA, Mark.COVERED, "By their own sign-in") == ""
    assert await comes(org, FARID, Mark.OUT, "Not connected") == "They have no Zoom account"
    await org.chat(DOROTHEA).says("help")  # from now on she can be told
    await confirmed(org, "settings account authorise ask")
    await comes(org, DOROTHEA, Mark.WAITS, "Asked, and it starts once they choose Start")
    for person, button in ((BEN, "Start"), (EMEKA, "Not for me")):
        chat = org.chat(person)
        offer = await chat.says("connect")
        assert button in titles(offer.card), said_by(offer.card)
        await chat.clicks(button, offer)
    await comes(org, BEN, *CHOSE)
    await comes(org, EMEKA, Mark.OUT, "Chose Not for me")
    await confirmed(org, f"settings exclude {DOROTHEA.upn} because INC0012345")
    assert await comes(org, DOROTHEA, Mark.OUT, "Excluded") == "Ada Lindqvist: INC0012345"
    await confirmed(org, "settings account authorise inform")
    at_ms = (await org.redis.time())[0] * 1000
    for person in (ADA, CHIARA):
        await told_at(org, person, at_ms)
    more = await comes(org, ADA, Mark.WAITS, "Told, and it starts after notice")
    assert more == f"On {day(starts_ms(Announcement(at_ms, How.INFORMED)))}"
    more = await comes(org, CHIARA, Mark.COVERED, "By their own sign-in")
    assert more.startswith("The organisation authorises it from ")
    await confirmed(org, "settings account percent 1")
    await told_at(org, ADA, at_ms - 10 * DAY)
    assert not in_share(ADA.object_id, 1)
    assert await comes(org, ADA, Mark.OUT, "Told, and left out by the share") == "1% are started"
    await confirmed(org, "settings account percent 100")
    await comes(org, ADA, Mark.COVERED, "By the organisation, after notice")
    await confirmed(org, "settings account disable")
    more = await comes(org, ADA, Mark.OUT, "By the organisation, and nothing is shown")
    assert more == "Presence sync is off for the account"

"""Admins who show no presence of their own: a sign-in says their role, and connects nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sync.redis import keys
from tests.doubles.inside import ADA, BEN, CHIARA, EMEKA, office, said_by
from tests.doubles.outside import PUBLIC, link_in, sign_in, titles
from tests.product.test_organisation_ask import RIGHTS, asking, started

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sandbox.people import SandboxPerson
    from tests.doubles.inside import Admin, Office
    from tests.doubles.outside import Outside
    from tests.doubles.teams import Sent

import pytest_asyncio

pytestmark = pytest.mark.asyncio(loop_scope="module")

REFUSED = "Settings are for admins"
COUNTS = "Your role counts now"


@pytest_asyncio.fixture(loop_scope="module")
async def org(town: Outside, tmp_path: Path) -> AsyncIterator[Office]:
    async with office(town, tmp_path, rights=RIGHTS) as fresh:
        yield fresh


async def asked(chat: Admin, said: str = "settings") -> tuple[Sent, str]:
    """Somebody wants to see the settings; the message, and the address that they are given."""
    message = await chat.says(said)
    assert REFUSED in said_by(message.card)
    assert titles(message.card) == ["Show my role", "Status"]
    return message, link_in(message.card)


async def shows_role(place: Office, person: SandboxPerson) -> Sent:
    message, link = await asked(place.chat(person))
    async with place.around.browser() as browser:
        page = await sign_in(browser, link, person)
        assert "This doesn’t connect your presence" in page.words, page.words
        assert "Entra says who you are" in (await browser.open(page.url)).words, "loaded again"
    return message


async def test_who_is_not_connected_shows_a_role_for_minutes(org: Office) -> None:
    org.app_roles(BEN, "PresenceAdmin")
    chat = org.chat(BEN)
    message = await shows_role(org, BEN)
    assert COUNTS in said_by(chat.now(message))
    assert REFUSED not in said_by((await chat.says("settings")).card)
    assert "settings" in said_by((await chat.says("help")).card)
    question = await chat.says("settings account disable")
    await chat.clicks("Disable", question)
    assert "Ben Okafor" in said_by((await chat.says("settings history")).card)
    assert await org.redis.exists(keys.person(BEN.object_id), keys.tokens(BEN.object_id)) == 0
    assert org.world.identity.standing[BEN.object_id].consent == set()
    ttl = await org.redis.ttl(keys.role(BEN.object_id))
    assert 0 < ttl <= 15 * 60
    await org.redis.delete(keys.role(BEN.object_id))  # the minutes are over
    await asked(chat)


async def test_who_said_not_for_me_keeps_the_role(org: Office) -> None:
    org.app_roles(BEN, "PresenceAdmin")
    await asking(org)
    await started(org, BEN)
    chat = org.chat(BEN)
    await asked(chat)  # covered, and no token of theirs says a role
    await chat.clicks("Disconnect", await chat.says("disconnect"))
    await shows_role(org, BEN)
    assert REFUSED not in said_by((await chat.says("settings")).card)
    assert await org.beside.covering.opt_outs.has(BEN.object_id, None)
    # What touches the organisation's authorisation is theirs, too.
    assert REFUSED not in said_by((await chat.says("settings organisation")).card)


async def test_the_helpdesk_shows_its_role_and_is_no_admin(org: Office) -> None:
    org.app_roles(BEN, "PresenceHelpdesk")
    await shows_role(org, BEN)
    chat = org.chat(BEN)
    assert "You’re on the helpdesk" in said_by((await chat.says("settings")).card)
    assert "Ada" in said_by((await chat.says("settings user ada@example.com")).card)


async def test_without_a_role_nothing_is_given(org: Office) -> None:
    org.app_roles(EMEKA, "SomethingElse")
    chat = org.chat(EMEKA)
    message, link = await asked(chat)
    before = chat.now(message)
    async with org.around.browser() as browser:
        page = await sign_in(browser, link, EMEKA)
    assert "You don’t have a role in this app" in page.words
    assert chat.now(message) == before
    assert not await org.redis.exists(keys.role(EMEKA.object_id))


async def test_a_forwarded_link_gives_nobody_anything(org: Office) -> None:
    org.app_roles(CHIARA, "PresenceAdmin")
    _, link = await asked(org.chat(BEN))
    async with org.around.browser() as hers, org.around.browser() as his:
        page = await sign_in(hers, link, CHIARA)
        assert "That’s another account" in page.words
        assert "Another browser went first" in (await his.open(link)).words
    for person in (BEN, CHIARA):
        assert not await org.redis.exists(keys.role(person.object_id))
        await asked(org.chat(person))


async def test_guests_have_no_role_whatever_entra_assigned(org: Office) -> None:
    org.app_roles(BEN, "PresenceAdmin")
    standing = org.world.identity.standing[BEN.object_id]
    standing.idp = "https://sts.windows.net/11111111-0000-4000-8000-000000000000/"
    try:
        _, link = await asked(org.chat(BEN))
        async with org.around.browser() as browser:
            page = await sign_in(browser, link, BEN)
        assert "as a guest, or with an account of another organisation" in page.words
    finally:
        standing.idp = ""
    await asked(org.chat(BEN))


async def test_whoever_the_settings_name_or_is_connected_is_asked_for_nothing(org: Office) -> None:
    assert REFUSED not in said_by((await org.chat(ADA).says("settings")).card)
    await org.connect(CHIARA)
    assert titles((await org.chat(CHIARA).says("settings")).card) == ["Status"]
    async with org.around.browser() as browser:
        assert (await browser.open(f"{PUBLIC}/auth/microsoft/role")).status == 400
        assert (await browser.open(f"{PUBLIC}/auth/microsoft/role?ticket={'A' * 43}")).status == 410

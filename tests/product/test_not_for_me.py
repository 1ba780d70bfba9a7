"""*Not for me* on a page without the app: who signs in decides, and for themselves alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from yarl import URL

from domain.coverage import Announcement, How
from sandbox.faults import Fault, FaultKind
from sandbox.zoom_states import ZoomPresence
from sync.redis import keys
from tests.doubles.inside import ADA, BEN, CHIARA, DOROTHEA, office, said_by
from tests.doubles.outside import PUBLIC
from tests.product.test_organisation_ask import CALL, RIGHTS, asking, started

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sandbox.people import SandboxPerson
    from tests.doubles.browser import Browser, Page
    from tests.doubles.inside import Office
    from tests.doubles.outside import Outside

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGE = f"{PUBLIC}/not-for-me"
SAID = "All right, not for you"


@pytest_asyncio.fixture(loop_scope="module")
async def org(town: Outside, tmp_path: Path) -> AsyncIterator[Office]:
    town.world.faults.entra.clear()
    async with office(town, tmp_path, rights=RIGHTS) as fresh:
        yield fresh
    town.world.faults.entra.clear()


async def signed_in(browser: Browser, person: SandboxPerson) -> Page:
    """Open the page and sign in; nothing is asked for but who it is, so nobody consents."""
    page = await browser.submit(await browser.open(PAGE))
    assert page.url.query["prompt"] == "select_account"
    assert set(page.url.query["scope"].split()) == {"openid", "profile"}
    return await browser.submit(page, person=person.object_id)


async def test_what_is_shown_ends_and_nobody_can_start_it_again(org: Office) -> None:
    await asking(org)
    await started(org, BEN)
    org.world.set_zoom(BEN.object_id, ZoomPresence.IN_MEETING)
    await org.product.told(BEN, CALL)
    async with org.around.browser() as browser:
        page = await signed_in(browser, BEN)
        assert "It’s on for you" in page.words
        assert BEN.name in page.words
        assert org.around.told(BEN) == CALL, "nothing is done before they choose"
        done = await browser.submit(page)
        assert SAID in done.words
        assert "The presence I’d set is cleared." in done.words
        assert "say connect to the app in Teams" in done.words
        assert org.around.told(BEN) is None
        # Twice, Back, and loaded again: the same.
        assert SAID in (await browser.submit(page)).words
        assert SAID in (await browser.open(page.url)).words
        later = await signed_in(browser, BEN)
        assert "You’ve said Not for me" in later.words
        assert "<form" not in later.text
    out = org.beside.covering.opt_outs
    assert await out.has(BEN.object_id, None)
    assert await out.has(CHIARA.object_id, BEN.zoom_id)
    assert await org.redis.exists(keys.person(BEN.object_id), keys.tokens(BEN.object_id)) == 0
    assert "You chose Not for me before" in said_by((await org.chat(BEN).says("connect")).card)


async def test_without_the_app_and_before_anybody_was_told(org: Office) -> None:
    async with org.around.browser() as browser:
        page = await signed_in(browser, CHIARA)
        assert "Your organisation hasn’t started it for you" in page.words
        assert SAID in (await browser.submit(page)).words
    assert await org.beside.covering.opt_outs.has(CHIARA.object_id, None)
    assert org.world.identity.standing[CHIARA.object_id].consent == set()
    sealed = str(await org.redis.keys("*")) + str(await org.redis.hgetall(keys.OPT_OUTS))
    assert CHIARA.object_id not in sealed


@pytest.mark.parametrize(
    ("how", "said"),
    [(How.ASKED, "only starts if you choose Start"), (How.INFORMED, "It starts on Monday, 7")],
)
async def test_who_was_told_is_told_so(org: Office, how: How, said: str) -> None:
    monday = 1_795_996_800_000  # 30 November 2026
    await org.beside.covering.announcements.keep(BEN.object_id, Announcement(monday, how))
    async with org.around.browser() as browser:
        assert said in (await signed_in(browser, BEN)).words


async def test_disconnect_says_it_before_anything_starts(org: Office) -> None:
    chat, out = org.chat(CHIARA), org.beside.covering.opt_outs
    assert "Not connected" in said_by((await chat.says("disconnect")).card)
    await org.beside.covering.announcements.keep(CHIARA.object_id, Announcement(1, How.INFORMED))
    asked = await chat.says("disconnect")
    assert not await out.has(CHIARA.object_id, None), "nothing is decided unasked"
    await chat.clicks("Not for me", asked)
    assert await out.has(CHIARA.object_id, CHIARA.zoom_id)
    assert "can’t start this for you" in said_by((await chat.says("disconnect")).card)


async def test_who_ends_their_own_sign_in_is_not_started_after_notice(org: Office) -> None:
    await org.connect(BEN)
    org.world.set_zoom(BEN.object_id, ZoomPresence.IN_MEETING)
    await org.product.told(BEN, CALL)
    await org.beside.covering.announcements.keep(BEN.object_id, Announcement(1, How.INFORMED))
    chat = org.chat(BEN)
    question = await chat.says("disconnect")
    assert "Your organisation can’t start it for you." in said_by(question.card)
    done = said_by(await chat.clicks("Disconnect", question))
    assert "can’t start this for you" in done
    assert "The presence I’d set is cleared." in done
    assert org.around.told(BEN) is None
    assert await org.beside.covering.opt_outs.has(BEN.object_id, BEN.zoom_id)
    assert await org.redis.exists(keys.person(BEN.object_id), keys.tokens(BEN.object_id)) == 0


async def test_ones_own_sign_in_goes_on(org: Office) -> None:
    await org.connect(BEN)
    org.world.set_zoom(BEN.object_id, ZoomPresence.IN_MEETING)
    await org.product.told(BEN, CALL)
    async with org.around.browser() as browser:
        page = await signed_in(browser, BEN)
        assert "You’re connected by your own sign-in" in page.words
        assert "Your own connection goes on" in (await browser.submit(page)).words
    assert org.around.told(BEN) == CALL
    assert await org.beside.covering.opt_outs.has(BEN.object_id, None)


async def test_graph_away_is_said_and_cleared_later(org: Office) -> None:
    await asking(org)
    await started(org, BEN)
    org.world.set_zoom(BEN.object_id, ZoomPresence.IN_MEETING)
    await org.product.told(BEN, CALL)
    async with org.around.browser() as browser:
        page = await signed_in(browser, BEN)
        org.world.faults.graph.append(Fault(FaultKind.UNAVAILABLE, times=50))
        done = await browser.submit(page)
        org.world.faults.graph.clear()
    assert "Microsoft isn’t answering right now" in done.words
    assert "UTC at the latest" in done.words
    await org.product.told(BEN, None)


async def test_another_browser_a_forged_state_and_a_stolen_form_do_nothing(org: Office) -> None:
    async with org.around.browser() as hers, org.around.browser() as his:
        at_microsoft = await hers.submit(await hers.open(PAGE))
        back = await hers.submit(at_microsoft, follow=False, person=BEN.object_id)
        address = back.headers["Location"]
        assert "Another browser went first" in (await his.open(address)).words
        page = await hers.open(address)
        form = page.form
        assert "Another browser went first" in (await his.submit(page)).words
        await signed_in(his, CHIARA)  # now he has a cookie of his own
        assert "Another browser went first" in (await his.submit(page)).words
        for token in ("A" * 43, form.hidden["state"]):
            form_of_his = page.text.replace(form.hidden["token"], token)
            forged = type(page)(page.status, page.url, form_of_his, page.headers)
            assert "didn’t come from Presence Bridge" in (await hers.submit(forged)).words
        other = address.replace(str(URL(address).query["state"]), "B" * 43)
        assert (await hers.open(other)).status in {400, 410}
    assert not await org.beside.covering.opt_outs.has(BEN.object_id, None)
    assert not await org.beside.covering.opt_outs.has(CHIARA.object_id, None)


async def test_in_the_wrong_order_too_late_and_replayed(org: Office) -> None:
    confirm = f"{PUBLIC}/auth/microsoft/not-for-me/confirm"
    async with org.around.browser() as browser:
        at_microsoft = await browser.submit(await browser.open(PAGE))
        state = at_microsoft.url.query["state"]
        early = '<form action="{}">{}</form>'.format(
            confirm,
            "".join(
                f'<input type="hidden" name="{n}" value="{state}">' for n in ("state", "token")
            ),
        )
        page = type(at_microsoft)(200, URL(PAGE), early, {})
        assert "didn’t come from" in (await browser.submit(page)).words
        back = await browser.submit(at_microsoft, follow=False, person=BEN.object_id)
        address = back.headers["Location"]
        page = await browser.open(address)
        row = keys.identify(state)
        asked = str(await org.redis.hget(row, "asked"))
        await org.redis.hset(row, "asked", asked.replace('"until_ms":1', '"until_ms":0'))
        assert asked != await org.redis.hget(row, "asked")
        assert "Too much time has passed" in (await browser.submit(page)).words
        await org.redis.delete(row)
        assert "Too much time has passed" in (await browser.submit(page)).words
        replayed = await browser.open(address)
        assert replayed.status == 410
    assert not await org.beside.covering.opt_outs.has(BEN.object_id, None)


async def test_who_cancels_and_who_is_from_elsewhere(org: Office) -> None:
    async with org.around.browser() as browser:
        at_microsoft = await browser.submit(await browser.open(PAGE))
        error = {"error": "access_denied", "error_description": "AADSTS65004: declined"}
        answer = error | {"state": at_microsoft.url.query["state"]}
        cancelled = await browser.open(URL(f"{PUBLIC}/auth/microsoft/callback").with_query(answer))
        assert "The sign-in was cancelled" in cancelled.words
        assert "Open the page Not for me" in cancelled.words
        standing = org.world.identity.standing[DOROTHEA.object_id]
        standing.idp = "https://sts.windows.net/11111111-0000-4000-8000-000000000000/"
        guest = await signed_in(browser, DOROTHEA)
        standing.idp = ""
        assert "as a guest, or with an account of another organisation" in guest.words
    assert not await org.beside.covering.opt_outs.has(DOROTHEA.object_id, None)


async def test_microsoft_away_is_a_sentence_and_another_site_starts_nothing(org: Office) -> None:
    async with org.around.browser() as browser:
        page = await browser.open(PAGE)
        at_microsoft = await browser.submit(page)
        back = await browser.submit(at_microsoft, follow=False, person=ADA.object_id)
        org.world.faults.entra.append(Fault(FaultKind.UNAVAILABLE, times=20))
        away = await browser.open(back.headers["Location"])
        assert "Microsoft can’t be reached" in away.words
        org.world.faults.entra.clear()
        again = await browser.open(back.headers["Location"])
        assert "It isn’t on for you" in again.words, "the code was not used up"
        await org.redis.set(keys.IDENTIFY_BEGUN, 10**6, ex=60)
        assert "Too many people at once" in (await browser.submit(page)).words
        await org.redis.delete(keys.IDENTIFY_BEGUN)


async def test_opt_outs_that_cannot_be_read_are_said_and_nothing_is_claimed(org: Office) -> None:
    async with org.around.browser() as browser:
        await org.redis.set(keys.OPT_OUT_KEY, "spoiled")  # before anybody asked for it
        failed = await signed_in(browser, BEN)
    assert "I can’t say whether your choice was kept" in failed.words

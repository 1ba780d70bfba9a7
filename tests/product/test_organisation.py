"""The organisation's consent, from the chat through Microsoft's page and back; and cheating."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode

import pytest
from yarl import URL

from domain.errors import AdminMustAct
from domain.organisation import Why, why_of
from sandbox.faults import Fault, FaultKind
from sandbox.own_rights import OwnRights, Trouble
from sandbox.people import TENANT_ID
from sync.redis import keys
from tests.doubles.inside import ADA, BEN, CHIARA, inputs, office, said_by
from tests.doubles.outside import PUBLIC, titles
from tests.doubles.product import http

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.people import SandboxPerson
    from tests.doubles.browser import Browser, Page
    from tests.doubles.inside import Admin, Office
    from tests.doubles.outside import Outside
    from tests.doubles.teams import Sent

pytestmark = pytest.mark.asyncio(loop_scope="module")

BOTH = ["Presence.ReadWrite.All", "User.Read.All"]
CALLBACK = f"{PUBLIC}/auth/microsoft/organisation"
NOBODY_YET = "Nobody has authorised this app"


@pytest.fixture(autouse=True)
def nothing_granted(town: Outside) -> None:
    town.world.own_rights = OwnRights()
    town.world.faults.entra.clear()


async def asked(chat: Admin) -> tuple[Sent, str]:
    """The message that was answered, which now has the address, and the address."""
    message = await chat.says("settings organisation")
    card = await chat.clicks("Authorise", message)
    [field] = inputs(card).values()
    address = str(field["value"])
    assert address.startswith(f"{CALLBACK}/start?ticket=")
    return message, address


async def at_microsoft(browser: Browser, address: str) -> Page:
    start = await browser.open(address)
    assert "Ada Lindqvist" in start.words
    page = await browser.submit(start)
    assert "/v2.0/adminconsent" in str(page.url), page.words
    return page


async def consents(
    browser: Browser, address: str, person: SandboxPerson = ADA, decision: str = "accept"
) -> Page:
    """Go through Microsoft's pages as somebody, and back."""
    page = await browser.submit(await at_microsoft(browser, address), person=person.object_id)
    return await browser.submit(page, decision=decision)


async def time_passes(place: Office) -> None:
    """As if Microsoft had been asked long ago: it is asked again."""
    await place.redis.hset(keys.CONSENT, "asked", 0)


async def its_duty_looks(place: Office) -> None:
    """The same, and the product looks by itself, as it does every few seconds."""
    await time_passes(place)
    place.product.core.organisation.consents.work.wake()


async def why(place: Office) -> Why | None:
    """What asking for the token says, in another process."""
    await place.beside.organisation.consents.read()  # as its duty does every few seconds
    place.beside.organisation.token.invalidate()
    try:
        await place.beside.organisation.token.token()
    except AdminMustAct as error:
        return why_of(error.code)
    return None


async def test_an_admin_asks_somebody_consents_and_the_card_says_so(place: Office) -> None:
    chat = place.chat()
    first = await chat.says("settings organisation")
    assert NOBODY_YET in said_by(first.card)
    assert "Authorising doesn’t start anyone" in said_by(first.card)
    message, address = await asked(chat)
    given = said_by(chat.now(message))
    assert "Privileged Role Administrator" in given
    assert "for 7 days" not in given  # it says until when
    async with place.around.browser() as browser:
        for _ in range(3):  # scanners of mail and chat open links
            assert (await browser.open(address, method="HEAD")).status == 200
        done = await consents(browser, address)
    assert (done.status, "Authorised" in done.words) == (200, True)
    card = await place.shows(chat, message, "Authorised since")
    assert "set and see everyone’s presence" in said_by(card)
    assert "Authorise" not in titles(card)
    assert await why(place) is None
    assert place.around.told(BEN) is None  # nobody is started
    history = said_by((await chat.says("settings history")).card)
    assert "has authorised the app" in history
    assert "made an address for someone who may consent" in history


async def test_the_answer_is_never_believed(place: Office) -> None:
    """The address of success, written by hand: our own token shows nothing."""
    chat = place.chat()
    message, address = await asked(chat)
    async with place.around.browser() as browser:
        page = await at_microsoft(browser, address)
        [state] = parse_qs(page.url.query_string)["state"]
        fields = {"admin_consent": "True", "tenant": TENANT_ID, "state": state}
        page = await browser.open(f"{CALLBACK}?{urlencode(fields)}")
        assert (page.status, "Not there yet" in page.words) == (202, True)
        assert await why(place) is Why.NEVER
        await place.shows(chat, message, "I’ll keep checking")
        # It really comes, and the page that is loaded again says so.
        place.world.own_rights.hold(BOTH, place.world.clock.now())
        page = await browser.open(page.url)
        assert (page.status, "Authorised" in page.words) == (200, True)
        again = await browser.open(page.url)
        assert "Authorised" in again.words
    await place.shows(chat, message, "Authorised since")


async def test_new_rights_that_come_later_are_found_without_anybody(place: Office) -> None:
    chat = place.chat()
    message, address = await asked(chat)
    place.world.own_rights.delay = 60
    async with place.around.browser() as browser:
        assert "Not there yet" in (await consents(browser, address)).words
    place.world.clock.advance(60)
    await its_duty_looks(place)
    await place.shows(chat, message, "Authorised since")


async def test_declining_ends_nothing(place: Office) -> None:
    chat = place.chat()
    message, address = await asked(chat)
    async with place.around.browser() as browser:
        page = await consents(browser, address, decision="cancel")
        assert (page.status, "Consent wasn’t given" in page.words) == (403, True)
        assert "Consent wasn’t given" in (await browser.open(page.url)).words
        assert NOBODY_YET in said_by((await chat.says("settings organisation")).card)
        shown = said_by((await chat.says("settings organisation")).card)
        assert "left Microsoft’s page without consenting" in shown
        assert "Authorised" in (await consents(browser, address)).words
    await place.shows(chat, message, "Authorised since")


async def test_who_may_not_consent_is_told_who_may(place: Office) -> None:
    chat = place.chat()
    _, address = await asked(chat)
    async with place.around.browser() as browser:
        page = await browser.submit(await at_microsoft(browser, address), person=BEN.object_id)
        page = await browser.submit(page, decision="leave")
    assert "your account may not consent" in page.words
    assert "Global Administrator" in page.words
    assert await why(place) is Why.NEVER


async def test_two_people_open_a_forwarded_address(place: Office) -> None:
    chat = place.chat()
    message, address = await asked(chat)
    async with place.around.browser() as one, place.around.browser() as other:
        mine, theirs = await at_microsoft(one, address), await at_microsoft(other, address)
        states = [parse_qs(page.url.query_string)["state"] for page in (mine, theirs)]
        assert states[0] != states[1]
        page = await one.submit(mine, person=ADA.object_id)
        assert "Authorised" in (await one.submit(page, decision="accept")).words
        page = await other.submit(theirs, person=CHIARA.object_id)
        page = await other.submit(page, decision="leave")
        assert "may not consent" in page.words  # what they did, said to them; it changes nothing
        assert "no longer works" in (await other.open(address)).words
    assert "Authorised since" in said_by(chat.now(message))
    assert await why(place) is None


async def test_both_consent(place: Office) -> None:
    chat = place.chat()
    _, address = await asked(chat)
    async with place.around.browser() as one, place.around.browser() as other:
        pages = [
            await browser.submit(await at_microsoft(browser, address), person=ADA.object_id)
            for browser in (one, other)
        ]
        done = await asyncio.gather(
            one.submit(pages[0], decision="accept"), other.submit(pages[1], decision="accept")
        )
    assert ["Authorised" in page.words for page in done] == [True, True]
    history = said_by((await chat.says("settings history")).card)
    assert history.count("has authorised the app") == 1


async def test_an_answer_belongs_to_the_browser_that_asked(place: Office) -> None:
    _, address = await asked(place.chat())
    async with place.around.browser() as one, place.around.browser() as other:
        page = await at_microsoft(one, address)
        [state] = parse_qs(page.url.query_string)["state"]
        stolen = f"{CALLBACK}?{urlencode({'admin_consent': 'True', 'state': state})}"
        assert "another browser" in (await other.open(stolen)).words  # no cookie at all
        await other.open(address)
        assert "another browser" in (await other.open(stolen)).words
    assert await why(place) is Why.NEVER


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"state": "f" * 43, "admin_consent": "True"}, "anything that was started here"),
        ({"state": "short", "admin_consent": "True"}, "isn’t complete"),
        ({"admin_consent": "True"}, "isn’t complete"),
        ({}, "isn’t complete"),
        ({"state": "f" * 43, "error": "<script>alert(1)</script>"}, "anything that was started"),
    ],
)
async def test_forged_answers(place: Office, fields: dict[str, str], said: str) -> None:
    async with place.around.browser() as browser:
        page = await browser.open(f"{CALLBACK}?{urlencode(fields)}")
    assert said in page.words
    assert "<script>alert" not in page.text
    assert page.status in {400, 403}


async def test_errors_from_outside_stay_plain_words(place: Office) -> None:
    _, address = await asked(place.chat())
    async with place.around.browser() as browser:
        page = await at_microsoft(browser, address)
        [state] = parse_qs(page.url.query_string)["state"]
        bad = {"state": state, "error": "<b>x", "error_description": "AADSTS99999999999999: <b>"}
        page = await browser.open(f"{CALLBACK}?{urlencode(bad)}")
    assert "Microsoft refused" in page.words
    assert "<b>x" not in page.text
    [line] = place.product.command.events("consent_answered")
    assert line["detail"] == "unknown AADSTS99999999"


async def test_consent_in_another_organisation_is_not_ours(place: Office) -> None:
    _, address = await asked(place.chat())
    async with place.around.browser() as browser:
        page = await at_microsoft(browser, address)
        [state] = parse_qs(page.url.query_string)["state"]
        fields = {"admin_consent": "True", "tenant": "99999999-2222-4333-8444-555555555555"}
        page = await browser.open(f"{CALLBACK}?{urlencode(fields | {'state': state})}")
    assert "another organisation" in page.words
    assert await why(place) is Why.NEVER


async def test_old_ended_and_replaced_addresses(place: Office) -> None:
    chat = place.chat()
    message, first = await asked(chat)
    async with place.around.browser() as browser:
        waiting = await at_microsoft(browser, first)
        _, second = await asked(chat)
        for _ in range(2):
            page = await browser.open(first)
            assert (page.status, "newer address" in page.words) == (410, True)
        card = await chat.clicks("Cancel", message)
        assert NOBODY_YET in said_by(card)
        assert "no longer works" in (await browser.open(second)).words
        # Who was at Microsoft meanwhile consents all the same: that is Entra's to decide.
        page = await browser.submit(waiting, person=ADA.object_id)
        assert "Authorised" in (await browser.submit(page, decision="accept")).words
        assert "has expired" in (await browser.open(f"{CALLBACK}/start?ticket={'x' * 43}")).words
        assert "isn’t complete" in (await browser.open(f"{CALLBACK}/start?ticket=x")).words
        assert "isn’t complete" in (await browser.open(f"{CALLBACK}/start")).words


async def test_an_address_is_over_after_seven_days(place: Office) -> None:
    _, address = await asked(place.chat())
    [key] = [k async for k in place.redis.scan_iter("pb:consent:*")]
    week = 7 * 86_400
    assert week - 60 < await place.redis.ttl(key) <= week
    assert week - 60 < await place.redis.ttl(keys.CONSENT_LINK) <= week
    row = await place.redis.hget(key, "link")
    assert row is not None
    now = await place.beside.engine.people.now_ms()
    until = row.partition('"until_ms":')[2].rstrip("}")
    assert now + (week - 60) * 1000 < int(until) <= now + week * 1000
    await place.redis.hset(key, "link", row.replace(until, str(now - 1)))  # its time is up
    async with place.around.browser() as browser:
        page = await browser.open(address)
    assert (page.status, "expired" in page.words) == (410, True)
    assert address.partition("ticket=")[2] not in row
    assert address.partition("ticket=")[2] not in key


async def test_forms_of_other_pages_and_prefetching_do_nothing(place: Office) -> None:
    _, address = await asked(place.chat())
    ticket = address.partition("ticket=")[2]
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    here = place.product.url + URL(f"{CALLBACK}/start").path
    for headers in ({"Origin": "https://evil.example.com"}, {"Sec-Fetch-Site": "cross-site"}):
        status, text = await http(
            "POST", here, data=f"ticket={ticket}".encode(), headers=form | headers
        )
        assert (status, "one of this app’s pages" in text) == (403, True)
    status, _ = await http("POST", here, data=b"{}", headers={"Content-Type": "application/json"})
    assert status == 400
    back = f"{place.product.url}{URL(CALLBACK).path}?state={'f' * 43}"
    assert (await http("GET", back, headers={"Sec-Purpose": "prefetch"}))[0] == 503
    assert (await http("HEAD", back))[0] == 405
    assert [k async for k in place.redis.scan_iter("pb:consent:*:try")] == []


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (Trouble.DISABLED, "switched off in Entra"),
        (Trouble.EXPIRED, "refuses the app’s secret"),
        (Trouble.BLOCKED, "policy for workload identities"),
    ],
)
async def test_consent_that_can_not_be_used(place: Office, trouble: Trouble, said: str) -> None:
    chat = place.chat()
    message, address = await asked(chat)
    place.world.own_rights.trouble = trouble
    async with place.around.browser() as browser:
        page = await consents(browser, address)
        assert "doesn’t work yet" in page.words
        assert said in page.words
        await place.shows(chat, message, said)
        place.world.own_rights.trouble = None
        assert "Authorised" in (await browser.open(page.url)).words


async def test_too_few_rights(place: Office) -> None:
    chat = place.chat()
    place.world.own_rights.declare(["User.Read.All"])
    message, address = await asked(chat)
    async with place.around.browser() as browser:
        page = await consents(browser, address)
    assert "Presence.ReadWrite.All is missing" in page.words
    card = await place.shows(chat, message, "Presence.ReadWrite.All is missing")
    assert "find people by all their addresses" in said_by(card)
    assert "Authorise" in titles(card)


async def test_more_rights_than_needed_are_named(place: Office) -> None:
    chat = place.chat()
    place.world.own_rights.declare([*BOTH, "Mail.Read"])
    message, address = await asked(chat)
    async with place.around.browser() as browser:
        await consents(browser, address)
    assert "More than I need: Mail.Read" in said_by(
        await place.shows(chat, message, "Authorised since")
    )


async def test_less_rights_to_match_are_said_and_can_be_asked_for(place: Office) -> None:
    place.world.own_rights.hold(["Presence.ReadWrite.All", "User.ReadBasic.All"], 0)
    await time_passes(place)
    card = (await place.chat().says("settings organisation")).card
    assert "Authorised since" in said_by(card)
    assert "user name and main address only" in said_by(card)
    assert "Authorise" in titles(card)


async def test_the_token_endpoint_is_away(place: Office) -> None:
    chat = place.chat()
    _, address = await asked(chat)
    async with place.around.browser() as browser:
        page = await browser.submit(await at_microsoft(browser, address), person=ADA.object_id)
        back = await browser.submit(page, follow=False, decision="accept")
        place.world.faults.entra.append(Fault(FaultKind.UNAVAILABLE, times=20))
        page = await browser.open(back.headers["Location"])
        assert page.status == 202
        place.world.faults.entra.clear()
        assert "Authorised" in (await browser.open(page.url)).words


async def test_consent_given_in_the_portal_counts_the_same(place: Office) -> None:
    place.world.own_rights.hold(BOTH, 0)
    await time_passes(place)
    shown = said_by((await place.chat().says("settings organisation")).card)
    assert "Authorised since" in shown
    assert "Microsoft Entra" in said_by((await place.chat().says("settings history")).card)


async def test_a_withdrawal_in_the_portal_is_noticed_and_admins_are_told_once(
    place: Office,
) -> None:
    chat = place.chat()
    place.world.own_rights.hold(BOTH, 0)
    await time_passes(place)
    assert "Authorised since" in said_by((await chat.says("settings organisation")).card)
    before = len(chat.received)
    place.world.own_rights.hold([], 0)
    await its_duty_looks(place)

    async def told() -> bool:
        return len(chat.received) > before

    await place.until(told, "the admin is told")
    [alert] = chat.received[before:]
    said = said_by(alert.card)
    assert "No longer authorised" in said
    assert "withdrawn in Entra" in said
    assert "What I’ve set with it ends by" in said
    assert await why(place) is Why.WITHDRAWN
    await its_duty_looks(place)

    async def looked() -> bool:
        return str(await place.redis.hget(keys.CONSENT, "asked")) != "0"

    await place.until(looked, "it is looked at again")
    assert len(chat.received) == before + 1


async def test_only_admins_by_the_operator_or_entra(place: Office) -> None:
    await place.connect(BEN)
    assert "Settings are for admins" in said_by(
        (await place.chat(BEN).says("settings organisation")).card
    )
    place.app_roles(CHIARA, "PresenceAdmin")
    await place.connect(CHIARA)
    assert NOBODY_YET in said_by((await place.chat(CHIARA).says("settings organisation")).card)


async def test_a_role_in_zoom_is_not_enough(town: Outside, tmp_path: Path) -> None:
    async with office(town, tmp_path, ADMIN_ZOOM_ROLE="on") as place:
        place.is_admin_in_zoom(BEN, admin=True)
        await place.connect(BEN)
        chat = place.chat(BEN)
        assert "Presence sync settings" in said_by((await chat.says("settings")).card)
        card = (await chat.says("settings organisation")).card
        assert "Your role in Zoom isn’t enough" in said_by(card)
        # Nor with the buttons of another admin's card.
        message, _ = await asked(place.chat())
        for title in ("Cancel", "Refresh"):
            click = chat.teams.presses(chat.client, place.chat().now(message), title)
            answer = await chat.deliver(click)
            assert "Your role in Zoom isn’t enough" in said_by(answer["value"])


async def test_an_address_ends_with_the_role_of_who_made_it(place: Office) -> None:
    place.app_roles(CHIARA, "PresenceAdmin")
    await place.connect(CHIARA)
    chat = place.chat(CHIARA)
    message = await chat.says("settings organisation")
    [field] = inputs(await chat.clicks("Authorise", message)).values()
    place.app_roles(CHIARA)
    place.world.identity.withdraw(CHIARA.object_id)
    await chat.says("disconnect")
    question = chat.received[-1]
    await chat.presses("Disconnect", on=question)
    async with place.around.browser() as browser:
        page = await browser.open(str(field["value"]))
        assert "no longer an admin" in page.words
    assert [k async for k in place.redis.scan_iter("pb:consent:*:try")] == []

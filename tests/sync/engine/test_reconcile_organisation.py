"""People who are shown by the organisation's authorisation: with its token, until it is not."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from domain.errors import AdminMustAct, PersonGone
from domain.policy import AuthorisedBy, Authoriser, Form, Personal, Policy
from domain.presence import Style, ZoomPresence
from domain.setback import ADMIN_RETRY_MS
from sync.engine.identity import Proof
from sync.engine.link_store import Left
from sync.redis import keys
from tests.doubles.engine import Bridge
from tests.doubles.graph import SET, Fault
from tests.doubles.people import ADA, BEN

Z = ZoomPresence


@pytest.fixture
def org(bridge: Bridge) -> Bridge:
    """The account authorises on request."""
    bridge.decisions.policy = Policy(Form(integration=True, authoriser=Authoriser.ASK))
    return bridge


async def test_the_organisation_s_token_tells_microsoft(org: Bridge) -> None:
    assert await org.start(ADA, Z.IN_MEETING)
    await org.connect(BEN, Z.IN_MEETING)
    await org.work()
    assert org.shown(ADA) == org.shown(BEN) == "Busy/InACall"
    assert {(r.person, r.token) for r in org.graph.requests} == {
        (ADA, "organisation.0"),
        (BEN, f"{BEN}.0"),
    }
    assert (await org.state(ADA)).authorised_by is AuthorisedBy.ORGANISATION
    assert await org.redis.get(keys.tokens(ADA)) is None


async def test_available_is_shown_only_to_who_chose_it(org: Bridge) -> None:
    for presence in (Z.AVAILABLE, Z.AWAY):
        await org.start(ADA, presence)
        await org.work()
        assert org.shown(ADA) is None
    await org.engine.choose(ADA, Personal(Style.MIRROR))
    await org.say(ADA, Z.AVAILABLE)
    await org.work()
    assert org.shown(ADA) == "Available/Available"


async def test_once_each_person_authorises_what_was_shown_is_cleared(org: Bridge) -> None:
    await org.start(ADA, Z.IN_MEETING)
    await org.work()
    org.decisions.policy = Policy(Form(integration=True), version=1)
    await org.store.demand(ADA)
    await org.work()
    assert org.shown(ADA) is None
    assert await org.engine.is_connected(ADA)


async def test_nobody_who_said_not_for_me_is_started(org: Bridge) -> None:
    await org.redis.set(keys.opt_out(ADA, "hashed"), "-")
    assert await org.start(ADA, Z.IN_MEETING) == 0
    assert not await org.engine.is_connected(ADA)
    await org.work()
    assert org.graph.requests == []
    # It is about the organisation's authorisation: their own stands on its own.
    assert await org.connect(ADA, Z.IN_MEETING)
    await org.redis.delete(keys.opt_out(ADA, "hashed"))


async def test_who_connects_has_an_authorisation_of_their_own(org: Bridge) -> None:
    await org.start(ADA, Z.IN_MEETING)
    await org.work()
    await org.connect(ADA, Z.PRESENTING)
    await org.work()
    assert (await org.state(ADA)).authorised_by is AuthorisedBy.PERSON
    assert org.graph.requests[-1].token == f"{ADA}.0"
    await org.start(ADA, Z.IN_MEETING)
    assert (await org.state(ADA)).authorised_by is AuthorisedBy.ORGANISATION
    # Theirs is kept, and nothing is written with it.
    state = await org.state(ADA)
    assert state.own_until_ms is not None
    await org.work()
    assert org.graph.requests[-1].token.startswith("organisation.")
    await org.start(ADA)
    assert (await org.state(ADA)).own_until_ms == state.own_until_ms, "no longer than that"


async def test_what_was_kept_long_enough_counts_no_more(org: Bridge) -> None:
    await org.connect(ADA, Z.IN_MEETING)
    await org.start(ADA)
    assert not await org.store.erase_own(ADA)
    assert await org.redis.exists(keys.tokens(ADA))
    await org.redis.hset(keys.person(ADA), "own_until", await org.store.now_ms())
    await org.start(ADA)
    assert (await org.state(ADA)).own_until_ms is None
    assert not await org.redis.exists(keys.tokens(ADA))


async def test_after_its_time_it_does_not_carry_on_although_nobody_erased_it(org: Bridge) -> None:
    await org.connect(ADA, Z.IN_MEETING)
    await org.start(ADA)
    await org.redis.hset(keys.person(ADA), "own_until", await org.store.now_ms())
    assert await org.store.uncover(ADA, "hashed") is Left.LEAVING


async def test_of_who_leaves_nothing_is_kept(org: Bridge) -> None:
    await org.connect(ADA, Z.IN_MEETING)
    assert await org.store.leave(ADA) is Left.LEAVING
    assert await org.start(ADA)
    assert (await org.state(ADA)).own_until_ms is None
    assert not await org.redis.exists(keys.tokens(ADA))


async def test_without_the_organisation_s_token_nothing_is_asked_of_them(org: Bridge) -> None:
    org.organisation.refusal = AdminMustAct("organisation_withdrawn")
    await org.start(ADA, Z.IN_MEETING)
    with capture_logs() as said:
        await org.work()
    state = await org.state(ADA)
    assert (state.trouble, state.trouble_code) == ("admin", "organisation_withdrawn")
    assert [line["log_level"] for line in said if line.get("person") == ADA] == ["warning"]
    await org.notifier.round()
    assert org.chat.told == []
    due = await org.due_in(ADA)
    assert due is not None
    assert due <= ADMIN_RETRY_MS / 1000
    org.organisation.refusal = None
    await org.engine.reconcile_now(ADA)
    assert org.shown(ADA) == "Busy/InACall"


async def test_a_token_that_graph_refuses_twice_is_no_matter_of_the_person(org: Bridge) -> None:
    await org.start(ADA, Z.IN_MEETING)
    org.graph.faults.extend([Fault(401, action=SET), Fault(401, action=SET)])
    await org.work()
    state = await org.state(ADA)
    assert (state.trouble, state.trouble_code) == ("admin", "graph_401")
    assert [r.token for r in org.graph.requests] == ["organisation.0", "organisation.1"]
    await org.notifier.round()
    assert org.chat.told == []


async def test_who_leaves_is_cleared_and_erased_whole(org: Bridge) -> None:
    await org.start(ADA, Z.IN_MEETING, groups=["sales"])
    await org.work()
    ending = await org.engine.disconnect(ADA)
    assert ending is not None
    assert ending.how == "cleared"
    assert org.shown(ADA) is None
    assert await org.lasting_keys() == []


async def test_who_leaves_while_nothing_can_be_cleared_is_told_until_when(org: Bridge) -> None:
    await org.start(ADA, Z.IN_MEETING)
    await org.work()
    held = (await org.state(ADA)).held
    assert held is not None
    org.organisation.refusal = AdminMustAct("organisation_withdrawn")
    ending = await org.engine.disconnect(ADA)
    assert ending is not None
    assert ending.how == "later"
    assert ending.until_ms == pytest.approx(held.until_ms, abs=1000)
    assert await org.engine.leaving(ADA) == ending
    org.organisation.refusal = None
    await org.pass_time(ADA, ADMIN_RETRY_MS / 1000)
    await org.engine.reconcile_now(ADA)
    assert org.shown(ADA) is None
    assert await org.lasting_keys() == []


async def test_whom_entra_has_no_longer_leaves(org: Bridge) -> None:
    await org.start(ADA, Z.IN_MEETING)
    await org.work()
    org.microsoft.addresses[ADA] = PersonGone("entra_user_gone")
    assert await org.identities.prove(ADA) is Proof.ENDED
    await org.work()
    assert not await org.engine.is_connected(ADA)
    assert org.chat.told == []


async def test_a_damaged_row_is_never_the_organisation_s(org: Bridge) -> None:
    await org.start(ADA, Z.IN_MEETING)
    await org.redis.hset(keys.person(ADA), "by", "somebody")
    await org.work()
    assert org.graph.requests == []
    assert (await org.state(ADA)).authorised_by is AuthorisedBy.PERSON


async def test_a_pause_and_a_lock_count_as_for_everybody(org: Bridge) -> None:
    await org.start(ADA, Z.IN_MEETING)
    now = await org.store.now_ms()
    locked = replace(org.decisions.policy.account, locked=True)
    org.decisions.policy = Policy(locked, version=1)
    await org.engine.choose(ADA, Personal(Style.MIRROR, now + 60_000))
    await org.work()
    assert org.graph.requests == []
    verdict = await org.engine.verdict_of(ADA)
    assert verdict is not None
    assert (verdict.reason, verdict.style) == ("paused", Style.BUSY_ONLY)

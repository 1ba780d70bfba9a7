"""The organisation's token may be of another registration, and each has a session of its own.

Who goes from one to the other has the old session cleared first, by who holds it. Where that one
can't, it ends by itself, and nothing else is said of it.
"""

import asyncio
import secrets
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from domain.errors import AdminMustAct, RetryLater
from domain.person import Held
from domain.policy import AuthorisedBy, Authoriser, Form, Personal, Policy
from domain.presence import Style, ZoomPresence
from sync.engine.gate import Ticket
from sync.engine.link_store import Left
from sync.redis import keys
from tests.doubles.engine import Bridge, running_bridge
from tests.doubles.graph import APP, CLEAR, LOOK, SECOND_APP, SET, Fault, running_graph
from tests.doubles.people import ADA, end_lease
from tests.doubles.redis import RedisServer, open_client
from tests.examples import examples
from wording.ours import leftover

Z = ZoomPresence
THIRD_APP = "aaaaaaaa-bbbb-4ccc-8ddd-333333333333"
CALL, PRESENTING = "Busy/InACall", "DoNotDisturb/Presenting"


@pytest.fixture
def apart(bridge: Bridge) -> Bridge:
    """The organisation authorises on request, with a registration of its own."""
    bridge.decisions.policy = Policy(Form(integration=True, authoriser=Authoriser.ASK))
    bridge.operator_names(SECOND_APP)
    return bridge


def told(bridge: Bridge) -> list[tuple[str, str, int]]:
    """What Graph was told, with which token, and what it answered."""
    return [(r.action, r.token, r.status) for r in bridge.graph.requests if r.action != LOOK]


async def test_the_session_is_of_the_registration_whose_token_writes(apart: Bridge) -> None:
    await apart.start(ADA, Z.IN_MEETING)
    await apart.work()
    assert apart.graph.held(ADA) == {SECOND_APP: CALL}
    assert (await apart.state(ADA)).session_app == SECOND_APP
    await apart.say(ADA, Z.AVAILABLE)
    await apart.work()
    assert apart.graph.held(ADA) == {}
    assert told(apart) == [(SET, "organisation.0", 200), (CLEAR, "organisation.0", 200)]


async def test_from_the_own_sign_in_to_the_organisation(apart: Bridge) -> None:
    await apart.connect(ADA, Z.IN_MEETING)
    await apart.work()
    assert apart.graph.held(ADA) == {APP: CALL}
    await apart.start(ADA)
    assert await apart.redis.pttl(keys.tokens(ADA)) == -1, "kept beside it, so it clears as well"
    await apart.work()
    assert apart.graph.held(ADA) == {SECOND_APP: CALL}
    assert apart.graph.most[ADA] == 1
    assert told(apart)[1:] == [(CLEAR, f"{ADA}.0", 200), (SET, "organisation.0", 200)]
    state = await apart.state(ADA)
    assert (state.session_app, state.former) == (SECOND_APP, None)


async def test_one_that_is_kept_no_longer_still_clears_what_it_holds(apart: Bridge) -> None:
    await apart.connect(ADA, Z.IN_MEETING)
    await apart.work()
    await apart.store.must_authorize(await apart.state(ADA), "invalid_grant")
    await apart.start(ADA)
    assert (await apart.state(ADA)).own_until_ms is None
    assert 0 < await apart.redis.pttl(keys.tokens(ADA)) <= 3_600_000, "until what it holds ends"


async def test_back_to_the_own_that_was_kept(apart: Bridge) -> None:
    await apart.connect(ADA, Z.IN_MEETING)
    await apart.work()
    await apart.start(ADA)
    await apart.work()
    assert await apart.store.uncover(ADA, "hashed") is Left.CARRIES_ON
    await apart.work()
    assert apart.graph.held(ADA) == {APP: CALL}
    assert apart.graph.most[ADA] == 1, "nobody is written for twice"
    assert told(apart)[-2:] == [(CLEAR, "organisation.0", 200), (SET, f"{ADA}.0", 200)]


async def test_back_to_the_own_sign_in(apart: Bridge) -> None:
    await apart.start(ADA, Z.PRESENTING)
    await apart.work()
    await apart.connect(ADA)
    await apart.work()
    assert apart.graph.held(ADA) == {APP: PRESENTING}
    assert apart.graph.most[ADA] == 1
    assert told(apart)[1:] == [(CLEAR, "organisation.0", 200), (SET, f"{ADA}.0", 200)]
    assert (await apart.state(ADA)).session_app == ""


async def test_with_one_registration_nothing_is_handed_over(apart: Bridge) -> None:
    apart.operator_names("")
    await apart.connect(ADA, Z.IN_MEETING)
    await apart.work()
    await apart.start(ADA)
    await apart.work()
    assert await apart.redis.pttl(keys.tokens(ADA)) == -1
    assert [action for action, _, _ in told(apart)] == [SET]


@pytest.mark.parametrize("may", [True, False])
async def test_the_operator_adds_a_registration(apart: Bridge, *, may: bool) -> None:
    apart.operator_names("")
    await apart.start(ADA, Z.IN_MEETING)
    await apart.work()
    assert apart.graph.held(ADA) == {APP: CALL}
    apart.operator_names(SECOND_APP)
    apart.organisation.first_may = may
    await apart.store.demand(ADA)
    await apart.work()
    assert apart.graph.held(ADA)[SECOND_APP] == CALL
    assert (APP not in apart.graph.held(ADA)) is may, "only who may still write can clear it"
    assert ((await apart.state(ADA)).former is None) is may


async def test_what_a_registration_of_before_holds_ends_by_itself(apart: Bridge) -> None:
    await apart.start(ADA, Z.IN_MEETING)
    await apart.work()
    before = (await apart.state(ADA)).held
    assert before is not None
    apart.operator_names(THIRD_APP)
    await apart.store.demand(ADA)
    await apart.work()
    assert apart.graph.held(ADA) == {SECOND_APP: CALL, THIRD_APP: CALL}
    state = await apart.state(ADA)
    assert state.former == before
    await apart.say(ADA, Z.OFFLINE)
    await apart.work()
    assert apart.graph.held(ADA) == {SECOND_APP: CALL}
    state, now = await apart.state(ADA), await apart.store.now_ms()
    assert state.held is None
    assert state.cleared(now) is None, "something of ours may still show"
    left = leftover(state, now)
    assert left is not None
    assert left.until_ms == before.until_ms
    await apart.pass_time(ADA, 3600)
    await apart.say(ADA, Z.OFFLINE)
    await apart.store.demand(ADA)
    await apart.work()
    state = await apart.state(ADA)
    assert state.former is None
    assert state.cleared(await apart.store.now_ms()) is not None


async def test_who_leaves_is_told_until_when_the_old_session_may_show(apart: Bridge) -> None:
    await apart.start(ADA, Z.IN_MEETING)
    await apart.work()
    held = (await apart.state(ADA)).held
    assert held is not None
    apart.operator_names("")
    ending = await apart.engine.disconnect(ADA)
    assert ending is not None
    assert (ending.how, ending.until_ms) == ("expires", held.until_ms)


async def test_while_the_old_one_can_t_be_asked_nothing_changes(apart: Bridge) -> None:
    await apart.start(ADA, Z.IN_MEETING)
    await apart.work()
    await apart.connect(ADA)
    apart.organisation.refusal = RetryLater("login_unreachable")
    await apart.work()
    assert apart.graph.held(ADA) == {SECOND_APP: CALL}, "still shown, and no second one beside it"
    assert (await apart.state(ADA)).session_app == SECOND_APP
    apart.organisation.refusal = None
    await apart.pass_time(ADA, 60)
    await apart.work()
    assert apart.graph.held(ADA) == {APP: CALL}


async def test_what_could_not_be_cleared_is_cleared_by_who_writes_again(apart: Bridge) -> None:
    await apart.start(ADA, Z.IN_MEETING)
    await apart.work()
    await apart.connect(ADA)
    apart.organisation.refusal = AdminMustAct("organisation_withdrawn")
    await apart.work()
    await apart.start(ADA)
    apart.organisation.refusal = None
    await apart.say(ADA, Z.OFFLINE)
    await apart.work()
    assert apart.graph.held(ADA) == {}
    assert (await apart.state(ADA)).cleared(await apart.store.now_ms()) is not None


async def test_nothing_is_cleared_before_the_new_one_can_write(apart: Bridge) -> None:
    await apart.connect(ADA, Z.IN_MEETING)
    await apart.work()
    await apart.start(ADA)
    apart.organisation.refusal = AdminMustAct("organisation_withdrawn")
    await apart.work()
    assert apart.graph.held(ADA) == {APP: CALL}
    state = await apart.state(ADA)
    assert (state.trouble, state.session_app) == ("admin", "")
    apart.organisation.refusal = None
    await apart.engine.reconcile_now(ADA)
    assert apart.graph.held(ADA) == {SECOND_APP: CALL}


async def test_a_refused_token_of_the_old_one_is_no_trouble_of_the_person(apart: Bridge) -> None:
    await apart.start(ADA, Z.IN_MEETING)
    await apart.work()
    await apart.connect(ADA)
    apart.organisation.refusal = AdminMustAct("organisation_withdrawn")
    await apart.work()
    state = await apart.state(ADA)
    assert state.trouble is None
    assert state.former is not None
    assert apart.graph.held(ADA) == {SECOND_APP: CALL, APP: CALL}


async def test_a_session_that_may_still_show_is_no_echo_of_microsoft(apart: Bridge) -> None:
    await apart.start(ADA, Z.IN_MEETING)
    await apart.work()
    apart.operator_names("")
    await apart.say(ADA, Z.IN_MEETING)
    await apart.store.demand(ADA)
    await apart.work()
    await apart.say(ADA, Z.OFFLINE)
    await apart.work()
    assert apart.graph.held(ADA) == {SECOND_APP: CALL}, "it may show for an hour"
    await apart.say(ADA, Z.BUSY)  # Zoom may have that from Microsoft
    await apart.work()
    assert apart.graph.held(ADA)[APP].startswith("Busy")


@pytest.mark.parametrize("action", [CLEAR, SET])
@pytest.mark.parametrize("done", [True, False])
async def test_who_dies_while_handing_over_leaves_nothing_behind(
    apart: Bridge, monkeypatch: pytest.MonkeyPatch, action: str, *, done: bool
) -> None:
    await apart.connect(ADA, Z.IN_MEETING)
    await apart.work()
    await apart.start(ADA)
    apart.graph.faults.append(Fault(kind="reset", done=done, action=action))
    [claim] = await apart.due()
    with monkeypatch.context() as patch:
        never: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        patch.setattr(apart.store, "ack", lambda *_, **__: never)
        await apart.reconciler.run(claim, Ticket())
    await end_lease(apart.redis, ADA)
    await apart.say(ADA, Z.OFFLINE)
    await apart.work()
    assert apart.graph.held(ADA) == {}
    assert (await apart.state(ADA)).cleared(await apart.store.now_ms()) is not None


async def test_full_is_quiet_about_the_status_while_an_old_session_may_show(apart: Bridge) -> None:
    await apart.start(ADA, Z.IN_MEETING)
    await apart.work()
    apart.operator_names("")
    await apart.engine.choose(ADA, Personal(Style.FULL))
    await apart.say(ADA, Z.DO_NOT_DISTURB)
    await apart.work()
    assert ADA not in apart.graph.preferred


async def test_a_damaged_owner_of_a_session_is_believed_by_nobody(apart: Bridge) -> None:
    await apart.start(ADA, Z.IN_MEETING)
    await apart.work()
    await apart.redis.hset(keys.person(ADA), "app", '"}, "x"')
    await apart.store.demand(ADA)
    await apart.work()
    state = await apart.state(ADA)
    assert isinstance(state.former, Held)
    assert state.session_app == SECOND_APP


APPS = ["", SECOND_APP, THIRD_APP]


class HandOver(RuleBasedStateMachine):
    """Any order of signing in, starting, changed settings, failures and Zoom's states."""

    def __init__(self, server: RedisServer) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.redis = open_client(server)
        self.opened = self.runner.run(self.open())

    async def open(self) -> list[Any]:
        await self.redis.flushall()
        graph = running_graph()
        double = await graph.__aenter__()
        bridge = running_bridge(self.redis, double)
        self.bridge = await bridge.__aenter__()
        policy = Policy(Form(integration=True, authoriser=Authoriser.ASK))
        self.bridge.decisions.policy = policy
        self.zoom: ZoomPresence | None = None
        self.bridge.operator_names(SECOND_APP)
        return [bridge, graph]

    def teardown(self) -> None:
        for context in self.opened:
            self.runner.run(context.__aexit__(None, None, None))
        self.runner.run(self.redis.aclose())
        self.runner.close()

    async def work(self) -> None:
        """Reconcile them as often as they are due."""
        shard, store = keys.shard_of(ADA), self.bridge.store
        while people := (await store.claim(shard, secrets.token_hex(4), 1)).people:
            await self.bridge.reconciler.reconcile(people[0])

    async def settle(self) -> None:
        """All works again, and everybody who is due is reconciled."""
        self.bridge.organisation.refusal = None
        if await self.bridge.engine.is_connected(ADA):
            await self.redis.hdel(keys.person(ADA), "wait")
            await self.bridge.store.demand(ADA)
        await self.work()

    @rule()
    def sign_in(self) -> None:
        self.runner.run(self.bridge.connect(ADA))

    @rule()
    def start(self) -> None:
        self.runner.run(self.bridge.start(ADA))

    @rule(presence=st.sampled_from([Z.IN_MEETING, Z.PRESENTING, Z.OFFLINE]))
    def zoom_says(self, presence: ZoomPresence) -> None:
        async def say() -> None:
            if await self.bridge.engine.is_connected(ADA):
                await self.bridge.say(ADA, presence)
                self.zoom = presence
            await self.work()

        self.runner.run(say())

    @rule(app=st.sampled_from(APPS), first_may=st.booleans())
    def operator(self, app: str, *, first_may: bool) -> None:
        self.bridge.operator_names(app)
        self.bridge.organisation.first_may = first_may

    @rule(refusal=st.sampled_from([RetryLater("away"), AdminMustAct("organisation_withdrawn")]))
    def no_token(self, refusal: Exception) -> None:
        self.bridge.organisation.refusal = refusal
        self.runner.run(self.work())

    @rule(action=st.sampled_from([SET, CLEAR]), done=st.booleans())
    def unheard(self, action: str, *, done: bool) -> None:
        self.bridge.graph.faults.append(Fault(kind="reset", action=action, done=done))
        self.runner.run(self.work())
        self.bridge.graph.faults.clear()

    @rule()
    def settles(self) -> None:
        self.runner.run(self.settled())

    async def settled(self) -> None:
        await self.settle()
        if not await self.bridge.engine.is_connected(ADA):
            return
        state, held = await self.bridge.state(ADA), self.bridge.graph.held(ADA)
        organisation = state.authorised_by is AuthorisedBy.ORGANISATION
        writer = (self.bridge.organisation.app or APP) if organisation else APP
        wanted = {Z.IN_MEETING: CALL, Z.PRESENTING: PRESENTING}.get(self.zoom or Z.OFFLINE)
        if held.get(writer) != wanted:
            # Two could not be cleared, and the later stands for both.
            assert wanted is None
            assert state.former is not None
            assert (state.former_app or APP) != writer
        others = held.keys() - {writer}
        assert not others or state.former is not None, "one that nobody knows of"

    @invariant()
    def nothing_untrue(self) -> None:
        async def check() -> None:
            state = await self.bridge.store.state(ADA)
            if state is not None and state.cleared(await self.bridge.store.now_ms()):
                assert self.bridge.graph.held(ADA) == {}

        self.runner.run(check())


@pytest.mark.timeout(240)
def test_whoever_writes_the_rest_is_cleared_or_known(redis_server: RedisServer) -> None:
    class OnThisServer(HandOver):
        def __init__(self) -> None:
            super().__init__(redis_server)

    run_state_machine_as_test(
        OnThisServer,
        settings=settings(max_examples=examples(25), stateful_step_count=20, deadline=None),
    )

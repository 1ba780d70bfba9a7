"""One row of every kind, written and read as the product does. What is random or timed is fixed.

`write` puts them into Redis, `read` says what they mean; `tests.upgrade.record` keeps both with
each release. Whoever changes how a row is written keeps reading what older releases wrote.
"""

from __future__ import annotations

import dataclasses
import re
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from bot.consent.store import ConsentLink, ConsentLinks, Tried, Try
from bot.conversations import ConversationStore
from bot.digest.store import Digest, DigestStore
from bot.handlers.settings.progress import PROGRESS, ProgressCard
from bot.identify.store import Asked, IdentifyStore, ProvenRoles
from bot.invite.roster import RosterStore
from bot.invite.store import InvitationStore, Mailing, MailingCard
from bot.sign_in.attempt import ATTEMPTS, Attempt
from bot.sign_in.store import SignInStore
from bot.teams.activity import ConversationReference
from domain.condition import Condition
from domain.coverage import Announcement, How
from domain.digest import Counted
from domain.directory import Directory, DirectoryGroup, DirectoryUser, MembershipChange
from domain.errors import Trouble
from domain.feed import Slot
from domain.link import Link
from domain.matching import EntraUser, FoundBy, Match, Uncovered
from domain.organisation import Answer, Consent, Coverage, Why
from domain.person import Accepted, Held, Layer, Patch
from domain.policy import (
    ACCOUNT,
    AuthorisedBy,
    Authoriser,
    AuthorizeWith,
    Level,
    Personal,
    Service,
)
from domain.policy_edits import Authorise, ChooseShare, ChooseStyle, Disable, Lock, Narrow
from domain.presence import Observation, Pair, Shown, Style, ZoomPresence
from domain.roles import Role
from domain.setback import Setback
from domain.step import Lane
from domain.storms import Delivery, Notified, Storm
from sync.connect.sealed import ButtonKey, OptOutKey, SealedStore
from sync.connect.tokens import PURPOSE
from sync.connect.vault import Vault
from sync.directory.store import DirectoryStore
from sync.engine.departures import DepartureStore
from sync.engine.identity import News
from sync.engine.lasting import ADDED_SECONDS, Lasting
from sync.engine.look_ups import LookUpStore
from sync.engine.people import PeopleStore
from sync.engine.proving import UnprovenStore
from sync.engine.queue import Claim
from sync.engine.quota import Quota
from sync.feed.catch_up import SweepStore
from sync.feed.store import FeedStore
from sync.organisation.announcements import AnnouncementStore
from sync.organisation.by_hand import Alias, Given, HandStore
from sync.organisation.consent import ConsentStore
from sync.organisation.coverage import CoverageStore
from sync.organisation.departed import Departed
from sync.organisation.exclusions import Exclusion, ExclusionStore, FileUndo
from sync.organisation.matches import MatchStore, Result
from sync.organisation.opt_outs import OptOuts
from sync.reconnect.store import NoticeStore
from sync.redis import keys
from sync.redis.scripts import Scripts
from sync.settings.audit import Actor, AuditLog
from sync.settings.rollout import Rollout, RolloutStore
from sync.settings.store import SettingsStore
from sync.upgrade.data_version import DataVersions
from sync.zoom.slots import ZoomSlots
from sync.zoom.tokens import Issued, ZoomTokenShelf
from sync.zoom.webhook import ZoomAccount

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sync.redis.connection import Client

TOKEN_KEY: Final = "UHJlc2VuY2UgQnJpZGdlLCBhIGtleSBvZiB0ZXN0cy4="
"""Of what is sealed in the records: no secret, and never another one."""
ADA: Final = "00000000-0000-4000-8000-000000000001"
CHAT: Final = ConversationReference(
    "https://eu/", "a:1", "28:bot", "msteams", "tenant", member_id="29:ada"
)
BEN: Final = "00000000-0000-4000-8000-000000000002"
CLEO: Final = "00000000-0000-4000-8000-000000000004"
NIA: Final = "00000000-0000-4000-8000-000000000003"
AT: Final = 1_767_225_600_000
"""When all of it happened (epoch ms)."""
FAR: Final = 4_102_444_800_000
"""A time that is not over (epoch ms)."""
ADMIN: Final = Actor(ADA, "Ada Lindqvist")
CALL: Final = Pair("Busy", "InACall")

ENUMS: Final[tuple[type[Enum], ...]] = (
    ZoomPresence, Style, Trouble, Delivery, Service, AuthorizeWith, Authoriser, AuthorisedBy,
    Why, FoundBy, Uncovered,
)  # fmt: skip
"""Those whose members are stored."""

NO_ROWS: Final = re.compile(
    r""".*:(by|lease(:<oid>)?)  # who does something just now
      | .*:(probe|woken|admitted)(:.*)?  # of a minute, and read by nobody else
      | pb:\{zoom\}:(next|slots)  # places within a second
      | pb:\{readback\}:state  # how it goes just now
    """,
    re.VERBOSE,
)
"""Kinds of keys under which nothing is stored that anybody reads later."""


class Stores:
    """Every store over one Redis."""

    def __init__(self, client: Client) -> None:
        scripts = Scripts(client)
        self.client = client
        self.vault = Vault([TOKEN_KEY])
        self.data = DataVersions(client, scripts, release="0.0.0")
        self.scripts = scripts
        self.people = PeopleStore(client, scripts)
        self.sealed = SealedStore(client, scripts)
        self.settings = SettingsStore(client, scripts)
        self.audit = AuditLog(client)
        self.rollouts = RolloutStore(client)
        self.invitations = InvitationStore(client)
        self.roster = RosterStore(client)
        self.conversations = ConversationStore(client, scripts)
        self.sign_ins = SignInStore(client, scripts)
        self.directory = DirectoryStore(client, scripts, configured=True)
        self.matches = MatchStore(client, scripts)
        self.by_hand = HandStore(client)
        self.feed = FeedStore(client, scripts)
        self.sweep = SweepStore(client, self.people)
        self.notices = NoticeStore(client, scripts)
        self.unproven = UnprovenStore(client, scripts)
        self.departures = DepartureStore(client)
        self.consents = ConsentStore(client, scripts)
        self.links = ConsentLinks(client)
        self.quota = Quota(client, scripts)
        self.look_ups = LookUpStore(client, scripts, lambda _: True)
        self.slots = ZoomSlots(scripts, 10.0, burst=1)
        self.shelf = ZoomTokenShelf(client, self.vault, owner="account/app")


async def write(client: Client) -> None:
    """Write a row of every kind into an empty Redis."""
    to = Stores(client)
    await to.data.enter()
    await _lanes(to)
    await _people(to)
    await _settings(to)
    await _chats(to)
    await _organisation(to)
    await _zoom(to)
    await _matching(to)


async def _people(to: Stores) -> None:
    for oid, name, zoom_id in ((ADA, "Ada Lindqvist", "zAda"), (BEN, "Ben Ó Briain", None)):
        mail = f"{name.split()[0].lower()}@example.com"
        link = Link(oid, "tenant", name, (mail, f"upn.{mail}"), AT, zoom_id, mail)
        seen = Observation(ZoomPresence.IN_MEETING, AT) if zoom_id else None
        sealed = to.vault.seal(oid, PURPOSE, f"the tokens of {oid}")
        await to.people.connect(link, sealed, seen, ["zgSales", "zgManagement"])
    held = Held(CALL, AT, AT + 1, sure=False, before=Accepted(CALL, AT - 2, AT - 1))
    preferred = Held(Pair("Busy", "Busy"), AT, AT + 1, sure=False)
    all_of_it = (
        Patch.holds(held, Layer.SESSION)
        | Patch.holds(preferred, Layer.PREFERRED)
        | Patch.wrote(AT)
        | Patch.acted(AT)
        | Patch.first_meeting()
        | Patch.failed(Setback(Trouble.FORBIDDEN, AT, 2, AT), "forbidden", AT)
        | Patch.must_authorize("invalid_grant", AT)
        | Patch.notified(Notified(Delivery.AGAIN, 2, AT))
        | Patch.testing(AT)
        | Patch.chose(Personal(Style.FULL, AT), AT)
        | Patch.needs(3)
        | Patch.carried_out(2)
        | Patch.proved(AT)
        | Patch.app_gone(AT)
        | Patch(yielded_ms=AT, tries=2, leaving=True)
    )
    await to.people.demand(ADA, Lane.CHANGE, all_of_it)
    [claim] = (await to.people.claim(keys.shard_of(BEN), "w1", 10)).people
    ailing = Patch.must_authorize("invalid_grant", AT)
    assert claim.state.object_id == BEN
    assert await to.people.ack(claim, lane=Lane.CHANGE, due_ms=None, patch=ailing)
    await to.people.claim(keys.shard_of(ADA), "w1", 10)  # `lease` and its end
    await to.people.count_look_up(ADA)
    await to.people.keep_look(ADA, Shown("Busy", "InACall"))
    minutes = iter((0.0, ADDED_SECONDS, ADDED_SECONDS))
    await Lasting(to.client, monotonic=lambda: next(minutes)).ended("In_Meeting", 60_000, AT)
    await to.client.zadd(keys.watched(keys.shard_of(ADA)), {ADA: AT})
    for role in (Role.ADMIN, Role.HELPDESK, Role.HELPDESK):
        await to.look_ups.count(BEN, role, AT)
    await to.unproven.add(ADA, News("zAda", "ada@example.com", AT, ZoomPresence.AWAY, gone=True))
    await to.departures.remove_app(AT)
    await to.departures.ended_by("news")
    await to.departures.purged()
    await to.notices.keep(Storm("invalid_grant", AT, 7, 9, AT), None)
    [storm] = (await to.notices.storms()).values()
    sent = Notified(Delivery.SENT, 1, AT)
    assert await to.notices.note_alert(storm, ADA, Notified(), sent)
    assert await to.notices.try_again(storm, AT)
    await ButtonKey(to.sealed, to.vault).load()
    opt_outs = OptOuts(to.client, to.scripts, OptOutKey(to.sealed, to.vault))
    link = Link(CLEO, "tenant", "Cleo Marchetti", ("cleo@example.com",), AT, "zCleo")
    assert await to.people.start(link, await opt_outs.mark(CLEO), None, ["zgSales"])
    await opt_outs.add(NIA, "zNia")
    await Departed(opt_outs, _nobody, _at).look([CLEO], ["zCleo"])
    announcements = AnnouncementStore(to.client)
    await announcements.keep(CLEO, Announcement(AT, How.ASKED, started=True))
    await announcements.keep_otherwise([BEN], ADA, AT)
    assert await announcements.may_send()
    excluded = Exclusion(ADA, "Ada Lindqvist", "ada@example.com", ADMIN, AT, "INC0012345")
    assert await ExclusionStore(to.client).add([excluded])
    await ExclusionStore(to.client).keep_undo(FileUndo(AT, (BEN,), (excluded,)))
    await CoverageStore(to.client).keep(Coverage(1, 2, 3, 4, 5))
    digest = Digest("Europe/Stockholm", AT, "2026-11-27", "salt")
    counted = Counted(("QUJDREVG",), ("R0hJSktM",))
    assert await DigestStore(to.client, to.scripts).begin(ADA, digest, counted)
    await to.sealed.seals_with(to.vault.newest, "process", AT)
    await to.sealed.stopped("older", "process", AT)


async def _nobody() -> set[str]:
    return set()


async def _at() -> int:
    return AT


async def _lanes(to: Stores) -> None:
    """Somebody in each."""
    for lane in Lane:
        oid = f"00000000-0000-4000-8000-00000000010{int(lane)}"
        mail = f"nia{int(lane)}@example.com"
        sealed = to.vault.seal(oid, PURPOSE, f"the tokens of {oid}")
        await to.people.connect(Link(oid, "tenant", "Nia", (mail,), AT), sealed, None)
        claim = await to.people.claim_one(oid, "w1")
        assert isinstance(claim, Claim)
        assert await to.people.ack(claim, lane=lane, due_ms=AT)


async def _settings(to: Stores) -> None:
    await to.settings.start(on=True)
    sales = Level("zgSales", "Sales")
    ask = Authorise(ACCOUNT, Authoriser.ASK)
    edits = (ChooseStyle(ACCOUNT, Style.BUSY_ONLY), ask, ChooseShare(ACCOUNT, 20), Lock(ACCOUNT))
    narrow = Narrow(ACCOUNT, Condition("country", "Sweden"))
    for edit in (*edits, narrow, Disable(sales)):
        policy = await to.settings.read()
        await to.settings.save(edit, expected=policy.version, by=ADMIN, reason="INC0012345")
    await to.audit.looked_up(ADMIN, "ben@example.com")
    await to.audit.invited(ADMIN, "account", "Everyone", people=3)
    shown = ProgressCard(
        *(CHAT, "card", sales, "It is disabled.", "clearing", ADA, "29:ada"), reason="INC0012345"
    )
    rollout = Rollout("r1", 4, 3, PROGRESS.dump(shown))
    await to.rollouts.intend(rollout, [ADA, BEN, NIA])
    rollout = await to.rollouts.keep(rollout)
    await to.rollouts.count_done(rollout, [NIA], failed=1)
    mailing = Mailing(MailingCard(CHAT, "m1", "Ada"), "zgSales", 3)
    assert await to.invitations.hold("m1", [BEN]) == [BEN]
    await to.invitations.begin(mailing, [BEN, NIA])
    await to.invitations.add_up(mailing, "invited")
    await to.invitations.put_aside(mailing, ADA)
    await to.invitations.leave(NIA)
    await to.roster.meet(ADA, "29:ada", AT)
    await to.roster.learn(ADA, ["ada@example.com"], external=True)
    await to.roster.take_census()


async def _chats(to: Stores) -> None:
    await to.conversations.remember_reference(ADA, CHAT, AT)
    await to.conversations.remember_card("card", "activity")
    await to.conversations.remember_recipient("card", ADA)
    await to.conversations.first_welcome(ADA)
    await to.conversations.first_time("activity")
    attempt = Attempt(ADA, ADA, "Ada Lindqvist", CHAT, "card")
    await to.sign_ins.begin(ADA, "key", ATTEMPTS.dump(attempt))
    await to.sign_ins.bind("key", "browser")
    await to.sign_ins.keep_flow("key", "flow")
    await to.sign_ins.begin(
        BEN, "other", ATTEMPTS.dump(dataclasses.replace(attempt, object_id=BEN))
    )
    await to.sign_ins.finish("other", "result")


async def _organisation(to: Stores) -> None:
    consent = Consent(("User.Read.All",), AT, AT, Why.TOO_FEW, "detail", AT)
    await to.consents.save(consent, AT)
    await to.consents.expect(AT)
    await to.consents.is_news("news")
    link = ConsentLink("tenant", ADA, "29:ada", "Ada Lindqvist", CHAT, "card", FAR)
    await to.links.begin("older", link)
    await to.links.begin("key", link)
    row = await to.links.newest()
    assert row is not None
    await to.links.note(row, Tried(Answer.DECLINED, AT))
    await to.links.leave_with("state", "key", "browser")
    await to.links.finish("state", Try("key", "browser"), Answer.DECLINED)


async def _zoom(to: Stores) -> None:
    await to.quota.take(Lane.CHANGE)
    await to.quota.pause(30)
    await to.slots.wait(ADA)
    await to.shelf.keep(Issued("zoom's token", 3600.0, 3600.0))
    assert await ZoomAccount(to.client, configured=None).is_ours("zoom account")
    groups = {"zgSales": DirectoryGroup("zgSales", "Sales", 1)}
    user = DirectoryUser("zAda", "ada@example.com", "Ada Lindqvist", "active", frozenset(groups))
    change = MembershipChange("zAda", ("ada@example.com",), frozenset({"zgOld"}), frozenset(groups))
    assert await to.directory.claim("t", 60_000) == 0
    assert await to.directory.swap("t", Directory({"zAda": user}, groups, AT), [change])
    await to.directory.finish(
        "t", next_ms=1, not_before_ms=1, reason="zoom_busy", detail="429", doubt=True
    )
    await to.directory.request_reading()
    await to.feed.note(2, 1)
    await to.feed.learnt(490_896, [3, 4], {5: Slot(1.5, 6)}, [])
    await to.feed.fell_silent(AT)
    await to.feed.came_back((AT, AT + 1))
    await to.feed.fell_silent(AT)
    await to.feed.warned(AT)
    await to.feed.sweeping(AT)
    await to.feed.swept(AT)
    await to.sweep.put({ADA: 1_000_000})


async def _matching(to: Stores) -> None:
    users = {
        ADA: EntraUser(
            *(ADA, "Ada Lindqvist", ("ada@example.com", "al@example.com")),
            *(True, False, False, True),
            {"country": "Germany"},
        )
    }
    matches = {
        "zAda": Match("zAda", ADA, FoundBy.HAND),
        "zBen": Match("zBen", BEN, FoundBy.ADDRESS, Uncovered.TWO_ZOOM, ("zOther",)),
    }
    assert await to.matches.claim("t", 60_000) == 0
    assert await to.matches.swap("t", Result(matches, users, "digest", full=False))
    await to.matches.finish(
        "t", next_ms=1, not_before_ms=1, reason="graph_error", detail="503", doubt=True
    )
    await to.matches.request_matching()
    await to.by_hand.set_alias("old.example", Alias("new.example", ADMIN, AT))
    given = Given(ADA, "ada@example.com", "zAda", "ada@zoom.example", ADMIN, AT)
    await to.by_hand.replace([given])
    assert await to.by_hand.confirm(given, Actor(BEN, "Ben"))
    identify = IdentifyStore(to.client)
    assert await identify.may_begin()
    await identify.begin("state", Asked("role", AT, "tenant", ADA, "Ada", CHAT, "card"))
    for field in ("browser", "flow", "who", "used", "said"):
        assert await identify.keep("state", field, field)
    await ProvenRoles(to.client).keep(ADA, Role.HELPDESK)


async def read(client: Client) -> dict[str, Any]:
    """What the rows mean, as JSON. What depends on the time of reading is left out."""
    of = Stores(client)
    ada, state = await of.people.link_and_state(ADA)
    tokens = await of.people.read_tokens(ADA)
    key = await of.sealed.sealed_key(keys.BUTTON_KEY)
    view, directory = await of.directory.view(), await of.directory.load()
    met, feed, token = await of.roster.find(ADA), await of.feed.read(), await of.shelf.read()
    records = [record async for record in of.audit.everything()]
    waiting = await of.unproven.waiting()
    rollout, sign_in = await of.rollouts.look_up("r1"), await of.sign_ins.read("key")
    mailing, look = await of.invitations.look_up("m1"), await of.people.last_look(ADA)
    opt_outs = OptOuts(client, of.scripts, OptOutKey(of.sealed, of.vault))
    assert tokens is not None
    assert key is not None
    return {
        "link": plain(ada),
        "person": plain(state),
        "people": plain(await of.people.rows([ADA, BEN], "zoom_id", "group_ids", "trouble")),
        "everybody": sorted([oid async for oid in of.people.everyone()]),
        "parked": plain([parked async for parked in of.people.parked()]),
        "lanes": [figures.waiting for figures in await of.people.queue()],
        "by id": await of.people.owner_of(address=None, zoom_id="zAda"),
        "by address": await of.people.owner_of(address="ben@example.com", zoom_id=None),
        "tokens": of.vault.open(ADA, PURPOSE, tokens[1]),
        "tokens' generation": tokens[0],
        "started": plain(await of.people.rows([CLEO], "authorised_by", "zoom_id")),
        "announced": plain(await AnnouncementStore(client).of([BEN, CLEO, NIA])),
        "coverage": plain(await CoverageStore(client).read()),
        "excluded": plain(await ExclusionStore(client).everybody()),
        "digest": plain(await DigestStore(client, of.scripts).of(ADA)),
        "counted for it": plain(await DigestStore(client, of.scripts).counted(ADA)),
        "excluded by a file": plain(await ExclusionStore(client).undoable()),
        "opted out, gone since": [one.gone_ms for one in await opt_outs.everything()],
        "opted out": [await opt_outs.has(oid, None) for oid in (NIA, CLEO)],
        "opted out by Zoom": [await opt_outs.has(BEN, zoom) for zoom in ("zNia", "zBen")],
        "buttons": len(await ButtonKey(of.sealed, of.vault).load() or b""),
        "sealing": plain(sorted(await of.sealed.sealing(), key=lambda one: one.name)),
        "lasting": {str(k): v for k, v in (await Lasting(client).counts(AT)).items()},
        "look": plain(None if look is None else look[0]),
        "watched": await client.zscore(keys.watched(keys.shard_of(ADA)), ADA),
        "look-ups": plain(await of.look_ups.counted(BEN, connected_ms=AT, now_ms=AT)),
        "unproven": plain(waiting[ADA][1]),
        "app removed": await of.departures.app_removed_ms(),
        "ended": await of.departures.was_ended_by("news"),
        "purged": await of.departures.was_purged(),
        "storms": plain(await of.notices.storms()),
        "policy": plain(await of.settings.read()),
        "history": plain(records),
        "rollout": plain(rollout),
        "progress card": plain(None if rollout is None else PROGRESS.load(rollout[0].show)),
        "rollouts": plain(await of.rollouts.unfinished()),
        "mailing": plain(mailing),
        "uninvited": await of.invitations.uninvited([ADA, BEN]),
        "not left": await of.invitations.not_left([ADA, NIA]),
        "met": plain(met),
        "chat": plain(await of.conversations.reference(ADA)),
        "card": await of.conversations.activity_of("card"),
        "recipient": await of.conversations.recipient("card"),
        "welcome is new": await of.conversations.first_welcome(ADA),
        "activity is new": await of.conversations.first_time("activity"),
        "sign-ins": plain([await of.sign_ins.read(key) for key in ("key", "other")]),
        "attempt": plain(None if sign_in is None else ATTEMPTS.load_if_good(sign_in.attempt)),
        "live": await of.sign_ins.is_live(ADA, "key"),
        "zoom's token": None if token is None else token.token,
        "zoom's account": await ZoomAccount(client, configured=None).is_ours("zoom account"),
        "directory": plain(directory),
        "members": None if view is None else await view.members("zgSales"),
        "user": plain(None if view is None else await view.user_by_address("ada@example.com")),
        "memberships": plain(await of.directory.undelivered()),
        "directory's reason": (await of.directory.health()).reason,
        "matches": plain(await of.matches.load()),
        "matched": plain([kept async for kept in of.matches.everybody()]),
        "matching's reason": (await of.matches.health()).reason,
        "matching's counts": (await of.matches.health()).counts,
        "aliases": plain(await of.by_hand.aliases()),
        "by hand": plain(await of.by_hand.everything(), without={"confirmed_ms"}),
        "undo": plain(await of.by_hand.undoable(), without={"at_ms"}),
        "feed": plain(feed, without={"now_ms", "away_ms"}),
        "pattern": plain(await of.feed.pattern()),
        "consent": plain(await of.consents.read()),
        "consent is news": await of.consents.is_news("news"),
        "consent links": plain([await of.links.read(key) for key in ("key", "older")]),
        "consent link": plain(await of.links.newest()),
        "consent try": plain(await of.links.tried("state")),
        "swept": plain(await of.sweep.first(10)),
    }


def plain(value: Any, without: set[str] = frozenset()) -> Any:  # type: ignore[assignment]
    """A value of the domain as JSON has it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [field.name for field in dataclasses.fields(value) if field.name not in without]
        return {name: plain(getattr(value, name)) for name in fields}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict) or hasattr(value, "items"):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(map(plain, value))
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value


_DUMPS: Final = {"string": "get", "hash": "hgetall", "set": "smembers"}


async def dump(client: Client) -> dict[str, Any]:
    """Everything in Redis: by key its type, its value, and when it ends (seconds; -1: never)."""
    rows = {}
    for key in sorted([str(key) async for key in client.scan_iter(count=1000)]):
        kind = await client.type(key)
        if kind == "zset":
            value: Any = await client.zrange(key, 0, -1, withscores=True)
        elif kind == "stream":
            value = await client.xrange(key)
        else:
            value = await getattr(client, _DUMPS[kind])(key)
        rows[key] = [kind, sorted(value) if kind == "set" else value, await client.ttl(key)]
    return rows


async def restore(client: Client, rows: Mapping[str, Any]) -> None:
    """Put back what was dumped. What would have ended has as long to live as it had."""
    for key, (kind, value, seconds) in rows.items():
        if kind == "string":
            await client.set(key, value)
        elif kind == "hash":
            await client.hset(key, mapping=value)
        elif kind == "set":
            await client.sadd(key, *value)
        elif kind == "zset":
            await client.zadd(key, dict(value))
        else:
            for entry_id, fields in value:
                await client.xadd(key, fields, id=entry_id)
        if seconds >= 0:
            await client.expire(key, max(seconds, 60))

"""The handlers, put together: what people say and click, and what Teams tells of the app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.answers import (
    answer_admins,
    answer_digest,
    answer_exclusions,
    answer_matching,
    answer_people,
)
from bot.desk import new_card_id
from bot.dispatch import Dispatch
from bot.handlers.app_news import AppNews
from bot.handlers.connect import ConnectHandler
from bot.handlers.disconnect import DisconnectHandler
from bot.handlers.organisation import OrganisationHandler
from bot.handlers.personal import PersonalHandler
from bot.handlers.settings.affected import Affected
from bot.handlers.settings.aliases import AliasHandler
from bot.handlers.settings.by_hand import ByHandHandler
from bot.handlers.settings.changes import SettingsChanges
from bot.handlers.settings.consent import ConsentHandler
from bot.handlers.settings.exclusions import ExclusionHandler
from bot.handlers.settings.guard import Gatekeeper, ZoomGroups
from bot.handlers.settings.informing import InformingHandler
from bot.handlers.settings.invitations import InvitationHandler
from bot.handlers.settings.matching import MatchingViews
from bot.handlers.settings.people import SettingsPeople
from bot.handlers.settings.storms import StormHandler
from bot.handlers.settings.views import SettingsViews
from bot.handlers.status import StatusHandler
from bot.sign_in.requests import NOT_FOR_ME
from cards.settings.digest_clicks import ShowDigest
from cards.settings.exclusion_clicks import ListExcluded
from cards.settings.match_clicks import ShowUnmatched
from domain.newer import NEWER_NAMES
from wording.feed import feed_words
from wording.identify import For

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import tzinfo

    from bot.admins import Admins
    from bot.consent.flow import ConsentFlow
    from bot.core import Core
    from bot.handlers.help import HelpHandler
    from bot.handlers.settings.digest import DigestHandler
    from bot.identify.wire import IdentifyRoom
    from bot.sign_in.flow import SignIn
    from bot.teams.activity import Person
    from cards.build import Card, Element
    from domain.agreement import ReadbackHealth
    from sync.settings.audit import AuditLog


def wire_answers(
    core: Core,
    helper: HelpHandler,
    sign_in: SignIn,
    admins: Admins,
    audit: AuditLog,
    consent: ConsentFlow,
    *,
    zoom_names: Sequence[str],
    zoom_admins: bool,
    identify: IdentifyRoom,
    digest: DigestHandler,
) -> Dispatch:
    """Who answers what is said and pressed.

    `zoom_names` are the settings that Zoom's API needs, `zoom_admins`: a role in Zoom may make
    somebody an admin. `identify` makes the addresses of pages where people say who they are.
    """
    engine, invite, directory = core.engine.engine, core.invite, core.directory.store
    groups = ZoomGroups(directory, () if core.zoom.api is not None else tuple(zoom_names))
    guard = Gatekeeper(
        admins, core.chat.conversations, groups, zoom_admins, role_link=identify.role_link
    )
    dispatch = Dispatch(guard)

    async def groups_without_link(object_id: str) -> frozenset[str]:
        met = await invite.met.find(object_id)
        if met is None or not met.addresses:
            return frozenset()
        return await directory.groups_of(None, met.addresses)

    connect = ConnectHandler(engine, sign_in)
    organisation = OrganisationHandler(
        engine,
        core.covering.starting,
        identify.opting_out,
        engine.background,
        signing_in=connect,
        page=f"{identify.pages.public_url}{NOT_FOR_ME}",
        came_back=invite.invited.come_back,
    )
    disconnect = DisconnectHandler(
        engine,
        sign_in,
        invite.invited.leave,
        organisation,
    )
    answer_people(
        dispatch,
        connect,
        disconnect,
        StatusHandler(engine, groups_without_link, core.engine.look_ups),
        PersonalHandler(engine, core.data.may_write),
        helper,
        organisation,
    )
    _answer_admins(dispatch, core, groups, audit, consent, identify.list_link)
    digest_known = NEWER_NAMES[ShowDigest.verb]
    answer_digest(dispatch, digest, known=lambda: core.data.everyone_knows(digest_known))
    return dispatch


def _answer_admins(
    dispatch: Dispatch,
    core: Core,
    groups: ZoomGroups,
    audit: AuditLog,
    consent: ConsentFlow,
    new_link: Callable[[Person, For], Awaitable[str]],
) -> None:
    policies, connected, invitees = core.settings.policies, core.engine.people, core.invite.invitees

    def everyone_knows(name: str) -> bool:
        return core.data.everyone_knows(NEWER_NAMES[name])

    matching = _answer_matching(dispatch, core, audit, everyone_knows, new_link)
    people = SettingsPeople(
        *(policies, core.directory.store, audit, connected, core.engine.engine),
        *(core.engine.look_ups, everyone_knows, matching.line_about),
    )
    rows = core.reconnect.rows
    storms = StormHandler(rows.storms, rows.try_again, audit, connected.now_ms, people.may_try_all)

    async def feed(zone: tzinfo, connected: int) -> str:
        return feed_words(await core.feed.store.health(), zone, connected, core.zoom.per_second)

    asking = ConsentHandler(
        core.organisation.consents,
        core.consent.links,
        audit,
        consent.new_address,
        connected.now_ms,
        core.covering.counted.read,
        core.consent.everyone_knows,
        core.engine.engine.background,
        core.settings.cache.current,
    )
    covering = core.covering.covering
    informing = InformingHandler(
        groups,
        covering.untold,
        core.covering.announcements,
        audit,
        connected.now_ms,
        covering.request_round,
    )

    async def banner() -> Element | None:
        return await storms.banner() or await asking.banner()

    async def readback() -> ReadbackHealth:
        status = await core.readback.store.status()
        return status.health(switched_off=core.readback.reader is None)

    views = SettingsViews(
        *(policies, groups, audit, connected.now_ms, invitees.count),
        *(banner, feed, readback, everyone_knows),
    )
    changes = SettingsChanges(
        *(policies, groups, audit),
        Affected(
            policies,
            core.directory.store,
            core.covering.covering.standings.prospect,
            lambda: core.organisation.consents.known.may_write,
        ),
        *(invitees.count, connected.now_ms, everyone_knows),
        core.data.may_write,
    )
    mailings = core.invite.invitations
    inviting = InvitationHandler(groups, invitees.find, mailings, audit, views.overview)
    answer_admins(dispatch, views, changes, people, inviting, storms, asking, informing)


def _answer_matching(
    dispatch: Dispatch,
    core: Core,
    audit: AuditLog,
    everyone_knows: Callable[[str], bool],
    new_link: Callable[[Person, For], Awaitable[str]],
) -> MatchingViews:
    directory, engine = core.directory.store, core.engine.engine
    entra, room = core.organisation.directory, core.organisation.matching

    async def tell(object_id: str, card: Card) -> None:
        if await core.chat.desk.personal(object_id) is not None:
            await core.chat.desk.reach(object_id, new_card_id(), card)

    views = MatchingViews(
        *(directory, room.store, audit, engine.may_look_up),
        lambda person: new_link(person, For.LIST),
    )
    aliases = AliasHandler(directory, room.store, room.by_hand, entra, audit)
    by_hand = ByHandHandler(
        *(directory, room.store, room.by_hand, entra, audit, engine.may_look_up),
        tell,
        views.line_about,
    )
    answer_matching(
        dispatch, views, aliases, by_hand, known=lambda: everyone_knows(ShowUnmatched.verb)
    )
    excluding = ExclusionHandler(
        *(core.organisation.exclusions, core.organisation.finder, room.store, core.engine.people),
        *(audit, engine.may_look_up, core.covering.uncover),
        lambda person: new_link(person, For.EXCLUDED),
    )
    answer_exclusions(dispatch, excluding, known=lambda: everyone_knows(ListExcluded.verb))
    return views


def wire_news(core: Core, helper: HelpHandler, sign_in: SignIn, *, welcome: bool) -> AppNews:
    """What follows when the app comes to somebody, or goes. `welcome`: it says so itself."""
    roster = core.invite.roster

    async def away(object_id: str) -> None:
        roster.drop(object_id)
        await sign_in.end(object_id)  # or they come back from Microsoft connected, without a chat

    async def removed(object_id: str) -> None:
        await away(object_id)
        await core.engine.engine.app_removed(object_id)

    return AppNews(
        core.chat.desk,
        core.engine.engine,
        welcome=helper.welcome if welcome else None,
        met=roster.note,
        away=away,
        removed=removed,
    )

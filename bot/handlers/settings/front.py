"""`settings` and every button on its cards: makes sure of the admin, then passes on.

The question "is this an admin?" is asked here, once, for each message and each click.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import structlog

from bot.grammar.commands import BadCommand, Command
from bot.grammar.settings import Account, Group, Groups, History, User
from bot.handlers.settings.changes import is_about_account, target_of
from cards.payload import BadPayload, Verb
from cards.person.problem import problem
from cards.person.unclear import unclear
from cards.settings import change as settings_change
from cards.settings import refused as settings_refused
from cards.settings import user as settings_user
from cards.settings.groups import searched_groups
from cards.settings.history import cursor_of
from cards.settings_words import ACCOUNT, Target
from domain.directory_health import explain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.admins import Admins
    from bot.handlers.settings.changes import SettingsChanges
    from bot.handlers.settings.invitations import InvitationHandler
    from bot.handlers.settings.people import SettingsPeople
    from bot.handlers.settings.storms import StormHandler
    from bot.handlers.settings.views import SettingsViews
    from bot.request import Handler, Turn
    from bot.teams.activity import Card
    from cards.payload import Click, Payloads
    from sync.directory.store import DirectoryStore

log = structlog.get_logger()

CHANGING = frozenset(
    {
        Verb.SETTINGS_APPLY,
        Verb.SETTINGS_SAVE,
        Verb.SETTINGS_VERIFY,
        Verb.SETTINGS_INVITE_SEND,
        Verb.SETTINGS_REVIVE,
        Verb.SETTINGS_STORM_RETRY,
    }
)
"""Clicks that change something: only of the admin to whom the card was given."""


class Askers(Protocol):
    """Whom the cards of the settings ask (bot.conversations)."""

    async def remember_asker(self, card_id: str, object_id: str) -> None:
        """Keep whom a card asks; the first one stays."""

    async def asker(self, card_id: str) -> str | None:
        """Whom a card asks."""


class SettingsHandler:
    """The front of the settings. `missing_zoom` names the settings that reading groups needs."""

    def __init__(
        self,
        payloads: Payloads,
        admins: Admins,
        views: SettingsViews,
        people: SettingsPeople,
        changes: SettingsChanges,
        invitations: InvitationHandler,
        storms: StormHandler,
        directory: DirectoryStore,
        askers: Askers,
        *,
        missing_zoom: Sequence[str],
        zoom_admins: bool,
    ) -> None:
        self._payloads = payloads
        self._admins = admins
        self._views = views
        self._people = people
        self._changes = changes
        self._invitations = invitations
        self._storms = storms
        self._directory = directory
        self._askers = askers
        self._missing_zoom = missing_zoom
        self._zoom_admins = zoom_admins
        self.clicks: dict[Verb, Handler] = {
            verb: self._clicked for verb in Verb if verb.value.startswith("settings.")
        }

    async def say(self, turn: Turn) -> Card:
        """Answer `settings …`."""
        may = await self._admins.may_change(turn.person)
        if not may:
            return await self._refuse(turn, known=may is not None)
        await self._askers.remember_asker(turn.card_id, turn.person.object_id)
        if isinstance(turn.said, BadCommand):
            return await self._named(turn, turn.said)
        request = turn.said.request if isinstance(turn.said, Command) else None
        match request:
            case Account(None):
                return await self._changes.form(turn, ACCOUNT)
            case Account(change) if change is not None:
                return await self._changes.ask(turn, ACCOUNT, change)
            case Group():
                return await self._group(turn, request)
            case Groups(search):
                return await self._groups(turn, search, 0)
            case User(address):
                return await self._people.user(turn, address)
            case History():
                return await self._views.history(turn, "")
        return await self._views.centre(turn)

    async def _group(self, turn: Turn, asked: Group) -> Card:
        if self._missing_zoom or await self._directory.view() is None:
            return await self._no_groups(turn)
        target, change = await self._called(asked.name), asked.change
        if target is None:
            target, change = await self._called(asked.or_name), None
        if target is None:
            return await self._views.pick(turn, asked.name, asked.change)
        if change is None:
            return await self._changes.form(turn, target)
        return await self._changes.ask(turn, target, change)

    async def _named(self, turn: Turn, said: BadCommand) -> Card:
        """What was not understood is the name of a group, or is explained."""
        target = None if self._missing_zoom else await self._called(said.named)
        if target is not None:
            return await self._changes.form(turn, target)
        return unclear(self._payloads, turn.card_id, what=said.what, hint=said.hint)

    async def _called(self, name: str) -> Target | None:
        """The one group of this name; None where none or several have it."""
        view = await self._directory.view()
        exact = None if view is None or not name else view.find_groups(name).exact
        return None if exact is None else Target(exact.group_id, exact.name)

    async def _groups(self, turn: Turn, search: str, page: int) -> Card:
        if self._missing_zoom or await self._directory.view() is None:
            return await self._no_groups(turn)
        return await self._views.groups(turn, search, page)

    async def _clicked(self, turn: Turn) -> Card:
        click = turn.click
        if click is None:
            raise BadPayload("not a button")
        may = await self._admins.may_change(turn.person)
        if not may:
            return await self._refuse(turn, known=may is not None)
        oid = turn.person.object_id
        if click.verb in CHANGING and await self._askers.asker(click.card_id) != oid:
            log.warning("settings_click_by_another", person=oid)
            return problem(
                what_happened="This question was put to another admin. Nothing was changed.",
                what_to_do="Say settings, and I ask you.",
            )
        await self._askers.remember_asker(turn.card_id, oid)
        match click.verb:
            case Verb.SETTINGS_CANCEL:
                return settings_change.cancelled(self._payloads, turn.card_id)
            case Verb.SETTINGS_GROUPS:
                return await self._groups(turn, *searched_groups(click))
            case Verb.SETTINGS_HISTORY:
                return await self._views.history(turn, cursor_of(click.args))
            case Verb.SETTINGS_ACCOUNT:
                return await self._changes.form(turn, ACCOUNT)
            case Verb.SETTINGS_SHOW:
                return await self._views.centre(turn)
            case Verb.SETTINGS_USER:
                return await self._people.chosen(turn)
            case Verb.SETTINGS_PARKED:
                return await self._people.troubled(turn)
            case Verb.SETTINGS_REVIVE:
                return await self._people.revive(turn)
            case Verb.SETTINGS_STORM | Verb.SETTINGS_STORM_RETRY:
                return await self._storm(turn, click)
            case Verb.SETTINGS_PROGRESS if "rollout" not in click.args:
                return await self._invitations.progress(turn) or await self._views.centre(turn)
        view = await self._directory.view()
        if not is_about_account(click) and (self._missing_zoom or view is None):
            return await self._no_groups(turn)
        names = {} if view is None else {g.group_id: g.name for g in view.groups.values()}
        return await self._clicked_about(turn, click, target_of(click, names))

    async def _clicked_about(self, turn: Turn, click: Click, target: Target) -> Card:
        match click.verb:
            case Verb.SETTINGS_GROUP:
                return await self._changes.form(turn, target)
            case Verb.SETTINGS_CHANGE:
                return await self._changes.ask(turn, target, settings_change.change_of(click.args))
            case Verb.SETTINGS_APPLY:
                return await self._changes.apply(
                    turn, target, settings_change.change_of(click.args)
                )
            case Verb.SETTINGS_SAVE:
                return await self._changes.save(turn, target)
            case Verb.SETTINGS_VERIFY:
                return await self._changes.verified(turn, target)
            case Verb.SETTINGS_PROGRESS:
                return await self._changes.progress(turn, target)
            case Verb.SETTINGS_INVITE:
                return await self._invitations.ask(turn, target)
            case Verb.SETTINGS_INVITE_SEND:
                return await self._invitations.send(turn, target)
        raise BadPayload("not a button of the settings")

    async def _storm(self, turn: Turn, click: Click) -> Card:
        """A button of the alert about many; trying them all again costs requests for each."""
        again = click.verb is Verb.SETTINGS_STORM_RETRY
        if again and not await self._people.may_try_all(turn):
            return settings_user.too_often()
        return await self._storms.clicked(turn, click)

    async def _refuse(self, turn: Turn, *, known: bool) -> Card:
        """Refuse whoever is no admin; `known`: that was found out."""
        if not known:
            return problem(
                what_happened=(
                    "I can’t find out at the moment whether you may change settings. "
                    "Nothing was changed."
                ),
                what_to_do="Try again in a minute.",
            )
        log.warning("settings_refused", person=turn.person.object_id)
        if await self._admins.is_guest(turn.person):
            return settings_refused.guest()
        return settings_refused.not_admin(
            self._payloads, turn.card_id, zoom_admins=self._zoom_admins
        )

    async def _no_groups(self, turn: Turn) -> Card:
        """Say why groups can't be used: Zoom's API is not set up, or was never read."""
        if self._missing_zoom:
            return settings_refused.needs_zoom(self._payloads, turn.card_id, self._missing_zoom)
        return problem(
            what_happened=explain(await self._directory.health()),
            what_to_do="Ask again in a minute. Settings for the whole account work without.",
        )

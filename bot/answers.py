"""Who answers what: every command and every click, in one table."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

from bot.grammar import asides, commands, exclusions, intents, matching
from bot.grammar import personal as own
from bot.grammar import said as words
from bot.grammar.digest import MorningDigest
from cards.person import clicks as person
from cards.settings import change as change_cards
from cards.settings import clicks as admin
from cards.settings import digest_clicks, exclusion_clicks
from cards.settings import match_clicks as pressed
from cards.settings.matching import not_yet
from domain.policy import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.dispatch import Dispatch, Handler
    from bot.handlers.connect import ConnectHandler
    from bot.handlers.disconnect import DisconnectHandler
    from bot.handlers.help import HelpHandler
    from bot.handlers.organisation import OrganisationHandler
    from bot.handlers.personal import PersonalHandler
    from bot.handlers.settings.aliases import AliasHandler
    from bot.handlers.settings.by_hand import ByHandHandler
    from bot.handlers.settings.changes import SettingsChanges
    from bot.handlers.settings.consent import ConsentHandler
    from bot.handlers.settings.digest import DigestHandler
    from bot.handlers.settings.exclusions import ExclusionHandler
    from bot.handlers.settings.informing import InformingHandler
    from bot.handlers.settings.invitations import InvitationHandler
    from bot.handlers.settings.matching import MatchingViews
    from bot.handlers.settings.people import SettingsPeople
    from bot.handlers.settings.storms import StormHandler
    from bot.handlers.settings.views import SettingsViews
    from bot.handlers.status import StatusHandler
    from bot.request import Turn
    from cards.build import Card

A = TypeVar("A")


def answer_people(
    dispatch: Dispatch,
    connect: ConnectHandler,
    disconnect: DisconnectHandler,
    status: StatusHandler,
    personal: PersonalHandler,
    helper: HelpHandler,
    organisation: OrganisationHandler,
) -> None:
    """Who answers what people say and press for themselves."""
    dispatch.said(intents.Connect, organisation.connect)
    dispatch.said(intents.Disconnect, disconnect.confirm)
    dispatch.said(intents.Status, status.status)
    dispatch.said(own.Pause, personal.pause)
    dispatch.said(intents.Resume, personal.resume)
    dispatch.said(own.StyleCommand, personal.style)
    dispatch.said(asides.WhichPause, personal.which)
    dispatch.said(intents.Trial, status.test)
    dispatch.said(intents.Help, helper.help)
    dispatch.said(intents.Greeting, helper.greet)
    dispatch.said(intents.Privacy, helper.privacy)
    dispatch.said(intents.Contact, helper.whom_to_ask)
    dispatch.said(asides.About, helper.about)
    dispatch.said(intents.SmallTalk, helper.small_talk)
    dispatch.said(commands.Attached, helper.attached)
    dispatch.said(commands.Unknown, helper.unknown)
    dispatch.said(commands.BadCommand, helper.unclear)
    dispatch.clicked(person.StartConnect, organisation.connect)
    dispatch.clicked(person.CancelConnect, connect.cancel)
    dispatch.clicked(person.StartShowing, organisation.start)
    dispatch.clicked(person.NotForMe, organisation.not_for_me)
    dispatch.clicked(person.RunTest, status.test)
    dispatch.clicked(person.ShowStatus, status.status)
    dispatch.clicked(person.ConfirmDisconnect, disconnect.confirm)
    dispatch.clicked(person.DisconnectNow, disconnect.disconnect)
    dispatch.clicked(person.CancelDisconnect, disconnect.cancel)
    dispatch.clicked(person.ShowHelp, helper.help)
    dispatch.clicked(person.StartPause, personal.pause)
    dispatch.clicked(person.EndPause, personal.resume)
    dispatch.clicked(person.ChooseOwnStyle, personal.style)
    dispatch.clicked(person.UseStyle, personal.style)
    dispatch.clicked(person.ShowStyles, personal.style)
    dispatch.clicked(person.NoticeSeen, personal.notice_seen)


def answer_admins(
    dispatch: Dispatch,
    views: SettingsViews,
    changes: SettingsChanges,
    people: SettingsPeople,
    inviting: InvitationHandler,
    storms: StormHandler,
    consent: ConsentHandler,
    informing: InformingHandler,
) -> None:
    """Who answers what admins say and press."""
    dispatch.said(words.Centre, views.overview)
    dispatch.said(words.Account, changes.account)
    dispatch.said(words.Group, changes.group)
    dispatch.said(commands.PerhapsSettings, changes.perhaps)
    dispatch.said(words.Groups, views.search)
    dispatch.said(words.User, people.user)
    dispatch.said(words.InvitePeople, inviting.of_group)
    dispatch.said(words.Organisation, consent.show)
    dispatch.said(words.InformedPeople, informing.of_group)
    dispatch.said(words.History, views.history)
    dispatch.clicked(admin.ShowCentre, views.overview)
    dispatch.clicked(admin.OpenAccount, changes.account)
    dispatch.clicked(admin.OpenGroup, changes.open_group)
    dispatch.clicked(admin.ListGroups, views.search)
    dispatch.clicked(admin.SearchGroups, views.search)
    dispatch.clicked(admin.ShowHistory, views.history)
    dispatch.clicked(admin.SubmitForm, changes.submit)
    dispatch.clicked(admin.ApplySwitch, changes.verified)
    dispatch.clicked(admin.ApplyForm, changes.save_form)
    dispatch.clicked(admin.ConfirmChange, changes.confirm_again)
    dispatch.clicked(admin.PickForChange, changes.confirm_picked)
    dispatch.clicked(admin.ApplyChange, changes.apply)
    dispatch.clicked(admin.CancelChange, changes.cancel)
    dispatch.clicked(admin.ShowRollout, changes.progress)
    dispatch.clicked(admin.ShowMailing, inviting.progress)
    dispatch.clicked(admin.OpenPerson, people.chosen)
    dispatch.clicked(admin.OpenListed, people.listed)
    dispatch.clicked(admin.ShowParked, people.troubled)
    dispatch.clicked(admin.Revive, people.revive)
    dispatch.clicked(admin.ReviveAll, people.revive_all)
    dispatch.clicked(admin.ConfirmInvite, inviting.confirm)
    dispatch.clicked(admin.Invite, inviting.send)
    dispatch.clicked(person.DeclineInvitation, inviting.decline)
    dispatch.clicked(admin.RecordInformed, informing.record)
    dispatch.clicked(admin.ShowStorm, storms.show)
    dispatch.clicked(admin.RetryStorm, storms.retry)
    dispatch.clicked(admin.ShowOrganisation, consent.show)
    dispatch.clicked(admin.AskForConsent, consent.ask)
    dispatch.clicked(admin.EndConsentLink, consent.end)


def answer_matching(
    dispatch: Dispatch,
    views: MatchingViews,
    aliases: AliasHandler,
    by_hand: ByHandHandler,
    *,
    known: Callable[[], bool],
) -> None:
    """Who answers what is said and pressed about who in Zoom is whom in Entra.

    `known`: every process that runs knows the buttons that follow.
    """
    once_known = _once(known, not_yet)
    dispatch.said(matching.Unmatched, once_known(views.unmatched))
    dispatch.said(matching.DomainAlias, once_known(aliases.alias))
    dispatch.said(matching.MatchByHand, once_known(by_hand.match))
    dispatch.clicked(pressed.ShowUnmatched, views.unmatched)
    dispatch.clicked(pressed.MatchAgain, views.again)
    dispatch.clicked(pressed.DownloadList, views.download)
    dispatch.clicked(pressed.ShowAliases, aliases.show)
    dispatch.clicked(pressed.AddAlias, aliases.add)
    dispatch.clicked(pressed.AskRemoveAlias, aliases.ask_remove)
    dispatch.clicked(pressed.RemoveAlias, aliases.remove)
    dispatch.clicked(pressed.GiveZoomUser, by_hand.give)
    dispatch.clicked(pressed.ConfirmGiven, by_hand.confirm)
    dispatch.clicked(pressed.ConfirmAllGiven, by_hand.confirm_all)
    dispatch.clicked(pressed.TakeBackGiven, by_hand.take_back)
    dispatch.clicked(pressed.ConfirmMine, by_hand.mine)
    dispatch.clicked(pressed.RefuseMine, by_hand.not_mine)


def answer_exclusions(
    dispatch: Dispatch, handler: ExclusionHandler, *, known: Callable[[], bool]
) -> None:
    """Who answers what is said and pressed about who is excluded. `known` as above."""
    once_known = _once(known, partial(change_cards.not_yet, ACCOUNT))
    dispatch.said(exclusions.Exclude, once_known(handler.exclude))
    dispatch.said(exclusions.Include, once_known(handler.include))
    dispatch.said(exclusions.Excluded, once_known(handler.listed))
    dispatch.clicked(exclusion_clicks.ExcludePeople, handler.excluding)
    dispatch.clicked(exclusion_clicks.IncludePeople, handler.including)
    dispatch.clicked(exclusion_clicks.ListExcluded, handler.listed)
    dispatch.clicked(exclusion_clicks.DownloadExcluded, handler.download)


def answer_digest(dispatch: Dispatch, handler: DigestHandler, *, known: Callable[[], bool]) -> None:
    """Who answers what admins say and press about their morning digest. `known` as above."""
    once_known = _once(known, partial(change_cards.not_yet, ACCOUNT))
    dispatch.said(MorningDigest, once_known(handler.said))
    dispatch.clicked(digest_clicks.ShowDigest, handler.show)
    dispatch.clicked(digest_clicks.TurnDigest, handler.turn)
    dispatch.clicked(digest_clicks.ShowNews, handler.news)


def _once(
    known: Callable[[], bool], otherwise: Callable[[], Card]
) -> Callable[[Callable[[Turn, A], Awaitable[Card]]], Handler]:
    """Let handlers answer only while something is `known`."""

    def only(handler: Callable[[Turn, A], Awaitable[Card]]) -> Handler:
        async def answered(turn: Turn, said: A) -> Card:
            return await handler(turn, said) if known() else otherwise()

        return answered

    return only

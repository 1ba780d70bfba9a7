"""Who answers what: every command and every click, in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.grammar import commands, intents
from bot.grammar import personal as own
from bot.grammar import settings as words
from cards.person import clicks as person
from cards.settings import clicks as admin

if TYPE_CHECKING:
    from bot.dispatch import Dispatch
    from bot.handlers.connect import ConnectHandler
    from bot.handlers.disconnect import DisconnectHandler
    from bot.handlers.help import HelpHandler
    from bot.handlers.organisation import OrganisationHandler
    from bot.handlers.personal import PersonalHandler
    from bot.handlers.settings.changes import SettingsChanges
    from bot.handlers.settings.invitations import InvitationHandler
    from bot.handlers.settings.people import SettingsPeople
    from bot.handlers.settings.storms import StormHandler
    from bot.handlers.settings.views import SettingsViews
    from bot.handlers.status import StatusHandler


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
    dispatch.said(commands.WhichPause, personal.which)
    dispatch.said(intents.Trial, status.test)
    dispatch.said(intents.Help, helper.help)
    dispatch.said(intents.Greeting, helper.greet)
    dispatch.said(intents.Privacy, helper.privacy)
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
) -> None:
    """Who answers what admins say and press."""
    dispatch.said(words.Centre, views.overview)
    dispatch.said(words.Account, changes.account)
    dispatch.said(words.Group, changes.group)
    dispatch.said(commands.PerhapsSettings, changes.perhaps)
    dispatch.said(words.Groups, views.search)
    dispatch.said(words.User, people.user)
    dispatch.said(words.InvitePeople, inviting.of_group)
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
    dispatch.clicked(admin.ShowStorm, storms.show)
    dispatch.clicked(admin.RetryStorm, storms.retry)

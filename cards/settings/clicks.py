"""What admins can press, and a little of it the helpdesk.

Those clicks that change something are only for whoever was given the card.

Ids of groups and people are looked up again: Zoom may have let go of them since.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, WrapSerializer

from cards.click import Click, all_entered, click, entered
from domain.form import LevelForm
from domain.policy import Level
from domain.policy_edits import OneLine
from domain.reason import LONGEST_REASON
from domain.roles import By

Id = Annotated[str, Field(min_length=1, max_length=128)]
Entered = Annotated[str, Field(max_length=128)]
Reason = Annotated[str, Field(max_length=LONGEST_REASON)]
"""Why a change is made (domain.reason)."""
TypedReason = Annotated[str, Field(max_length=1000)]
"""The same as entered, to be read yet."""
_NO_GROUP = "You haven’t chosen a group. Choose one in the list, then press the button again."
_NOBODY = "You haven’t chosen anyone. Choose someone in the list, then press Open again."
Version = Annotated[int, Field(ge=0)]
"""Of the settings that the card was made from."""


def _by_id(level: Level, pack: SerializerFunctionWrapHandler) -> dict[str, Any]:
    """A level without its name: that is long, and may have changed when the button is pressed."""
    carried: dict[str, Any] = pack(level)
    return carried | {"name": ""}


def _of_level_by_id(edit: OneLine, pack: SerializerFunctionWrapHandler) -> dict[str, Any]:
    carried: dict[str, Any] = pack(edit)
    return carried | {"level": carried["level"] | {"name": ""}}


Where = Annotated[Level, WrapSerializer(_by_id)]
Line = Annotated[OneLine, Field(discriminator="act"), WrapSerializer(_of_level_by_id)]


@click("settings.show", by=By.ADMIN)
class ShowCentre(Click):
    """Show how it stands for the whole organisation."""


@click("settings.account", by=By.ADMIN)
class OpenAccount(Click):
    """Show the account's form."""


@click("settings.group", by=By.ADMIN)
class OpenGroup(Click):
    """Show a group's form: of the button's group, or of the one chosen beside it."""

    group: Entered = entered(_NO_GROUP, default="")


@click("settings.groups", by=By.ADMIN)
class ListGroups(Click):
    """Show a page (from 0) of the groups whose names hold a text."""

    search: Annotated[str, Field(max_length=200)] = ""
    page: Annotated[int, Field(ge=0, lt=100_000)] = 0


@click("settings.search", by=By.ADMIN)
class SearchGroups(Click):
    """Show the groups whose names hold what was typed."""

    search: Annotated[str, Field(max_length=1000)] = entered(default="")


@click("settings.history", by=By.ADMIN)
class ShowHistory(Click):
    """Show who changed what, from a place in the history on; empty: the newest."""

    cursor: Annotated[str, Field(max_length=64)] = ""


@click("settings.save", by=By.RECIPIENT)
class SubmitForm(Click):
    """Take what was entered in the form of `shown`."""

    level: Where
    version: Version
    shown: LevelForm
    inputs: dict[str, str] = all_entered(default_factory=dict)


@click("settings.switch", by=By.RECIPIENT)
class ApplySwitch(Click):
    """Switch the integration to what `submitted` says: the answer to the verification question."""

    level: Where
    version: Version
    submitted: LevelForm
    reason: TypedReason = entered(default="")


@click("settings.save_form", by=By.RECIPIENT)
class ApplyForm(Click):
    """Save what was submitted: the answer to the warning about the style `full`."""

    level: Where
    version: Version
    submitted: LevelForm
    reason: TypedReason = entered(default="")


@click("settings.confirm", by=By.ADMIN)
class ConfirmChange(Click):
    """Have an edit confirmed."""

    edit: Line
    reason: Reason = ""


@click("settings.pick", by=By.ADMIN)
class PickForChange(Click):
    """Have an edit confirmed, of the group chosen beside the button."""

    edit: Line
    group: Entered = entered(_NO_GROUP, default="")
    reason: Reason = ""


@click("settings.apply", by=By.RECIPIENT)
class ApplyChange(Click):
    """Make an edit."""

    edit: Line
    version: Version
    reason: TypedReason = entered(default="")


@click("settings.cancel", by=By.ADMIN)
class CancelChange(Click):
    """Change nothing."""


@click("settings.progress", by=By.ADMIN)
class ShowRollout(Click):
    """Show how far an edit is carried out. `title` is its effect, `sentence` what was decided.

    `doing`: presence goes off for somebody ("clearing"), or not.
    """

    rollout_id: Id
    level: Where
    sentence: Annotated[str, Field(max_length=512)]
    title: Annotated[str, Field(max_length=200)] = "Saved"
    doing: Literal["clearing", "updating"] = "updating"


@click("settings.mailing", by=By.ADMIN)
class ShowMailing(Click):
    """Show how far inviting people is."""

    mailing_id: Id


@click("settings.user", by=By.ADMIN)
class OpenPerson(Click):
    """Show why it is so for one of those in trouble."""

    person: Entered = entered(_NOBODY, default="")


@click("settings.listed", by=By.HELPDESK)
class OpenListed(Click):
    """Show why it is so for somebody of Zoom's list (their Zoom id), chosen among several."""

    person: Entered = entered(_NOBODY, default="")


@click("settings.parked", by=By.ADMIN)
class ShowParked(Click):
    """Show who is in trouble."""


@click("settings.revive", by=By.HELPDESK)
class Revive(Click):
    """Have somebody tried again who is parked."""

    object_id: Id


@click("settings.revive_all", by=By.RECIPIENT)
class ReviveAll(Click):
    """Have everybody tried again for whom it may help."""


@click("settings.confirm_invite", by=By.ADMIN)
class ConfirmInvite(Click):
    """Have inviting those of a level who have not connected confirmed."""

    level: Where


@click("settings.invite", by=By.RECIPIENT)
class Invite(Click):
    """Invite them, as many as the admin was told."""

    level: Where
    people: Annotated[int, Field(ge=0)]


@click("settings.informed", by=By.ENTRA_RECIPIENT)
class RecordInformed(Click):
    """Keep that those of a level were told by other means, as many as the admin was told."""

    level: Where
    people: Annotated[int, Field(ge=0)]


@click("settings.storm", by=By.ADMIN)
class ShowStorm(Click):
    """Show how many authorisations ended alike. `code` and `began_ms` say which storm it is."""

    code: Annotated[str, Field(max_length=40)]
    began_ms: int


@click("settings.storm_retry", by=By.RECIPIENT)
class RetryStorm(Click):
    """Have everybody tried again who is in a storm."""

    code: Annotated[str, Field(max_length=40)]
    began_ms: int


@click("settings.organisation", by=By.ENTRA_ADMIN)
class ShowOrganisation(Click):
    """Show what the organisation allows the app without anybody signing in."""


@click("settings.authorise", by=By.ENTRA_RECIPIENT)
class AskForConsent(Click):
    """Make an address at which somebody may consent for the organisation; earlier ones end."""


@click("settings.authorise_end", by=By.ENTRA_RECIPIENT)
class EndConsentLink(Click):
    """End the address, wherever somebody is with it."""

"""What can be pressed about who in Zoom is whom in Entra.

Only admins whom the operator or Entra names may: it decides whose presence is shown as whose.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cards.click import Click, click
from domain.matching import LONGEST_DOMAIN
from domain.roles import By

ObjectId = Annotated[str, Field(min_length=36, max_length=36)]
ZoomId = Annotated[str, Field(min_length=1, max_length=128)]
Domain = Annotated[str, Field(min_length=3, max_length=LONGEST_DOMAIN)]
At = Annotated[int, Field(ge=0)]
"""When the mapping was made (epoch ms): a later one is another."""


@click("settings.unmatched", by=By.ENTRA_ADMIN)
class ShowUnmatched(Click):
    """Show who can't be matched."""


@click("settings.match_again", by=By.ENTRA_RECIPIENT)
class MatchAgain(Click):
    """Have everybody matched anew, soon."""


@click("settings.download", by=By.ENTRA_RECIPIENT)
class DownloadList(Click):
    """Get a link to the whole list, as a file."""


@click("settings.aliases", by=By.ENTRA_ADMIN)
class ShowAliases(Click):
    """Show the domain aliases."""


@click("settings.alias", by=By.ENTRA_RECIPIENT)
class AddAlias(Click):
    """Let a domain be another one."""

    old: Domain
    new: Domain


@click("settings.ask_remove_alias", by=By.ENTRA_ADMIN)
class AskRemoveAlias(Click):
    """Have the end of an alias confirmed."""

    old: Domain


@click("settings.remove_alias", by=By.ENTRA_RECIPIENT)
class RemoveAlias(Click):
    """End an alias."""

    old: Domain


@click("settings.match", by=By.ENTRA_RECIPIENT)
class GiveZoomUser(Click):
    """Say whose a Zoom user is; it counts once somebody else confirms it."""

    person: ObjectId
    zoom_id: ZoomId


@click("settings.confirm_match", by=By.ENTRA_RECIPIENT)
class ConfirmGiven(Click):
    """Confirm what another admin said."""

    person: ObjectId
    at_ms: At


@click("settings.confirm_matches", by=By.ENTRA_RECIPIENT)
class ConfirmAllGiven(Click):
    """Confirm all that others have said, as many as the admin was told."""

    people: Annotated[int, Field(ge=0)]
    newest_ms: At


@click("settings.take_back_match", by=By.ENTRA_RECIPIENT)
class TakeBackGiven(Click):
    """End a mapping by hand."""

    person: ObjectId
    at_ms: At


@click("match.mine")
class ConfirmMine(Click):
    """Say that the Zoom user is one's own. Anybody, for themselves."""

    at_ms: At


@click("match.not_mine")
class RefuseMine(Click):
    """Say that the Zoom user isn't one's own. Anybody, for themselves."""

    at_ms: At

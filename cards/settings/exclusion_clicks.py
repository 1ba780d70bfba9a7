"""What can be pressed about who is excluded.

Only admins whom the operator or Entra names may, as for all that the organisation authorises.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cards.click import Click, click, entered
from cards.settings.clicks import TypedReason
from cards.settings.match_clicks import ObjectId
from domain.roles import By

People = Annotated[tuple[ObjectId, ...], Field(min_length=1, max_length=50)]


@click("settings.exclude", by=By.ENTRA_RECIPIENT)
class ExcludePeople(Click):
    """Exclude these people."""

    object_ids: People
    reason: TypedReason = entered(default="")


@click("settings.include", by=By.ENTRA_RECIPIENT)
class IncludePeople(Click):
    """Exclude these people no longer."""

    object_ids: People


@click("settings.excluded", by=By.ENTRA_ADMIN)
class ListExcluded(Click):
    """Show a page (from 0) of whom admins excluded, or whom Entra's data leaves out."""

    page: Annotated[int, Field(ge=0, lt=100_000)] = 0
    automatic: bool = False


@click("settings.download_excluded", by=By.ENTRA_RECIPIENT)
class DownloadExcluded(Click):
    """Get a link to all whom admins excluded, as a file."""

"""What can be pressed about the morning digest: each admin's own."""

from __future__ import annotations

from cards.click import Click, click
from domain.roles import By


@click("settings.digest", by=By.ADMIN)
class ShowDigest(Click):
    """Show whether it comes, and when."""


@click("settings.digest_turn", by=By.RECIPIENT)
class TurnDigest(Click):
    """Have it come, or no longer."""

    on: bool


@click("settings.digest_news", by=By.ADMIN)
class ShowNews(Click):
    """Show what it would say now; nothing counts as told by that."""

"""`settings group NAME …`: its form or an edit of it, once it is clear which group is meant."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.handlers.settings.guard import GroupsUnavailable
from cards.person.help import unclear
from domain.policy import Level

if TYPE_CHECKING:
    from bot.grammar.commands import PerhapsGroup
    from bot.grammar.settings import Group
    from bot.handlers.settings.changes import SettingsChanges
    from bot.handlers.settings.guard import Groups
    from bot.handlers.settings.views import SettingsViews
    from bot.request import Turn
    from bot.teams.activity import Card


class GroupHandler:
    """Finds the group by its name, and never guesses."""

    def __init__(self, groups: Groups, views: SettingsViews, changes: SettingsChanges) -> None:
        self._groups = groups
        self._views = views
        self._changes = changes

    async def group(self, turn: Turn, said: Group) -> Card:
        """Answer `settings group …`."""
        level, edit = await self._called(said.name), said.edit
        if level is None:
            level, edit = await self._called(said.or_name), None
        if level is None:
            return await self._views.pick(said.name, said.edit)
        if edit is None:
            return await self._changes.form(turn, level)
        return await self._changes.ask(turn, replace(edit, level=level))

    async def perhaps(self, turn: Turn, said: PerhapsGroup) -> Card:
        """What was not understood is the name of a group, or is explained."""
        try:
            level = await self._called(said.name)
        except GroupsUnavailable:
            level = None
        if level is not None:
            return await self._changes.form(turn, level)
        return unclear(what=said.what, hint=said.hint)

    async def _called(self, name: str) -> Level | None:
        """The one group of this name; None where none or several have it."""
        view = await self._groups.view()
        exact = view.find_groups(name).exact if name else None
        return None if exact is None else Level(exact.group_id, exact.name)

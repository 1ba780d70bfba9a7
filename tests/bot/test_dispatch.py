"""One table answers: nothing is left out, admins' part is guarded, gaps are explained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import pytest

from bot import answers
from bot.dispatch import Dispatch
from bot.grammar.commands import Said
from bot.grammar.intents import Help, Status
from bot.grammar.said import Centre, Organisation, User
from bot.request import Turn
from bot.teams.activity import ConversationReference, Inbound, Kind, Person
from cards.click import CLICKS, BadClick, BadInput
from cards.person.clicks import ShowStatus
from cards.settings.clicks import (
    ApplyChange,
    AskForConsent,
    EndConsentLink,
    OpenGroup,
    OpenListed,
    Revive,
    ShowCentre,
    ShowOrganisation,
)
from domain.errors import NotWired
from domain.policy import ACCOUNT
from domain.policy_edits import Enable
from domain.roles import By

if TYPE_CHECKING:
    from bot.dispatch import Handler, Intent

pytestmark = pytest.mark.unit

HERE = ConversationReference("https://smba.example/", "a:1", "28:bot", "msteams", "tenant")
WHO = Person("tenant", "oid", "29:1", "Ada")
TURN = Turn(Inbound(Kind.MESSAGE, "id", WHO, HERE), WHO, HERE, "card")


class Guard:
    """Lets through or refuses, and remembers before what it stood."""

    def __init__(self, *, lets: bool = True) -> None:
        self.lets = lets
        self.asked: list[By] = []

    async def __call__(self, turn: Turn, asked: Intent, by: By, handler: Handler) -> dict[str, Any]:
        self.asked.append(by)
        return await handler(turn, asked) if self.lets else {"refused": True}


class Anything:
    """Stands for every handler: answers with the name of the method that was called."""

    def __getattr__(self, name: str) -> Any:
        async def answer(_: Turn, __: object) -> dict[str, Any]:
            return {"by": name}

        return answer


def wired(guard: Guard) -> Dispatch:
    dispatch, anything = Dispatch(guard), Anything()
    answers.answer_people(dispatch, *[anything] * 6)  # type: ignore[arg-type]
    answers.answer_admins(dispatch, *[anything] * 7)  # type: ignore[arg-type]
    answers.answer_matching(dispatch, *[anything] * 3, known=lambda: True)  # type: ignore[arg-type]
    answers.answer_exclusions(dispatch, anything, known=lambda: True)  # type: ignore[arg-type]
    answers.answer_digest(dispatch, anything, known=lambda: True)  # type: ignore[arg-type]
    return dispatch


def test_everything_that_can_be_said_or_pressed_is_answered() -> None:
    wired(Guard()).complete()


def test_what_nothing_answers_ends_the_start() -> None:
    dispatch = Dispatch(Guard())
    with pytest.raises(NotWired, match=r"ConfirmChange.*Status"):
        dispatch.complete()


async def test_what_nothing_answers_is_refused() -> None:
    with pytest.raises(BadClick):
        await Dispatch(Guard()).answer(TURN, ShowStatus())


@pytest.mark.parametrize(
    ("asked", "by"),
    [
        (Help(), []),
        (Status(), []),
        (ShowStatus(), []),
        (Centre(), [By.ADMIN]),
        (User("ben@example.com"), [By.HELPDESK]),
        (OpenListed("z"), [By.HELPDESK]),
        (Revive("oid"), [By.HELPDESK]),
        (ShowCentre(), [By.ADMIN]),
        (OpenGroup("g"), [By.ADMIN]),
        (ApplyChange(Enable(ACCOUNT), 1), [By.RECIPIENT]),
        (Organisation(), [By.ENTRA_ADMIN]),
        (ShowOrganisation(), [By.ENTRA_ADMIN]),
        (AskForConsent(), [By.ENTRA_RECIPIENT]),
        (EndConsentLink(), [By.ENTRA_RECIPIENT]),
    ],
)
async def test_a_guard_stands_before_what_is_for_admins(asked: Intent, by: list[By]) -> None:
    guard = Guard()
    assert "by" in await wired(guard).answer(TURN, asked)
    assert guard.asked == by


async def test_who_is_refused_hears_nothing_of_what_is_missing() -> None:
    assert await wired(Guard(lets=False)).answer(TURN, OpenGroup()) == {"refused": True}
    with pytest.raises(BadInput, match="haven’t chosen a group"):
        await wired(Guard()).answer(TURN, OpenGroup())


def test_the_helpdesk_may_look_one_person_up_and_have_them_tried_again_and_nothing_else() -> None:
    """Whoever adds a command or a button says who may use it (domain.roles)."""
    kinds = {*get_args(Said), *CLICKS.values()}
    assert {kind for kind in kinds if kind.by is By.HELPDESK} == {User, OpenListed, Revive}
    of_anybody = {kind for kind in get_args(Said) if kind.by is By.ANYBODY}
    assert not {kind for kind in of_anybody if kind.__module__.endswith("settings")}
    verbs = {kind.verb for kind in CLICKS.values() if kind.by is By.ANYBODY}
    assert not {verb for verb in verbs if verb.startswith("settings.")}

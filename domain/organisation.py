"""What the organisation allows the app without anybody signing in: its consent, by rights. Pure.

An admin of the organisation consents once to *application permissions* of Microsoft Graph; the app
then acts as itself. Which it has stands in the `roles` of each token that Microsoft gives it, and
in nothing else: neither what the consent page answered nor what the registration declares.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from domain.clock import HOUR, MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterable

HELD_MS: Final = HOUR
"""What Microsoft was told ends by itself after this at the latest (domain.plan)."""

LOOK_MS: Final = 15 * MINUTE
"""Well within what a token lives (60 to 90 minutes), and nothing to Entra."""
AWAY_LOOK_MS: Final = MINUTE
EXPECTED_LOOK_MS: Final = 10_000
"""Entra takes seconds, sometimes a minute, to put what was consented to into new tokens."""


class Right(StrEnum):
    """Application permissions that the app can use, by Graph's names. Values are stored.

    Source: "Microsoft Graph permissions reference".
    """

    WRITE = "Presence.ReadWrite.All"  # set and read everybody's presence
    READ = "Presence.Read.All"  # only read it (sync.readback): within WRITE, not needed beside it
    USERS = "User.Read.All"  # whole profiles: every address, disabled, guest, kind of account
    USERS_BASIC = "User.ReadBasic.All"  # only names, UPN and mail


NEEDED: Final = (Right.WRITE, Right.USERS)
"""What a registration should declare, no more and no less."""
CHECKED_WITH: Final = "Application.Read.All"
"""The app's work never needs it; operators may give it so that `check` sees the registration."""


class Matching(StrEnum):
    """How well people of Zoom can be found in the organisation's directory."""

    FULL = "full"
    BASIC = "basic"  # by UPN and mail only; disabled accounts and guests can't be told apart
    NONE = "none"


class Why(StrEnum):
    """Why the organisation's authorisation does not work. Values are stored, and are in logs."""

    NEVER = "never_given"
    WITHDRAWN = "withdrawn"
    TOO_FEW = "too_few_rights"  # there are rights, but not the one to write
    DISABLED = "principal_disabled"  # the enterprise application is switched off
    BLOCKED = "blocked_by_policy"  # Conditional Access for workload identities
    CREDENTIAL = "credential_expired"  # our secret or certificate ended, or is not theirs
    TENANT = "wrong_tenant"  # there is no such organisation, or not this app in it
    REFUSED = "refused"  # another answer of Microsoft's, which the detail names
    UNREACHABLE = "unreachable"  # nobody answered: what held before is all we know

    @property
    def code(self) -> str:
        """As the code of a domain error (domain.errors)."""
        return f"organisation_{self.value}"


def why_of(code: str) -> Why | None:
    """The reason that an error's code names; None: it is about something else."""
    return next((why for why in Why if why.code == code), None)


def may_write(roles: Iterable[str]) -> bool:
    """Whether a token with these `roles` may set people's presence."""
    return Right.WRITE in roles


def may_read(roles: Iterable[str]) -> bool:
    """Whether a token with these `roles` may read what Microsoft shows of everybody."""
    return not {Right.WRITE, Right.READ}.isdisjoint(roles)


def why_without(roles: Iterable[str], *, worked: bool) -> Why:
    """Why a token with these `roles` may not; `worked`: the organisation had authorised before."""
    if any(role in _RIGHTS for role in roles):
        return Why.TOO_FEW
    return Why.WITHDRAWN if worked else Why.NEVER


_RIGHTS: Final = frozenset(Right)


def matching(roles: Iterable[str]) -> Matching:
    """How well a token with these `roles` lets us match people."""
    held = frozenset(roles)
    if Right.USERS in held:
        return Matching.FULL
    return Matching.BASIC if Right.USERS_BASIC in held else Matching.NONE


def missing(roles: Iterable[str]) -> tuple[Right, ...]:
    """What is needed and not granted; the lesser right to read users counts as missing, too."""
    held = frozenset(roles)
    return tuple(right for right in NEEDED if right not in held)


def beyond(roles: Iterable[str]) -> tuple[str, ...]:
    """What is granted and never used, sorted: consent takes all that a registration declares.

    Lesser rights are not counted: what they allow is used, or allowed by another anyhow.
    """
    held = frozenset(roles)
    used = {*NEEDED, Right.READ, Right.USERS_BASIC, CHECKED_WITH}
    return tuple(sorted(held - used))


@dataclass(frozen=True, slots=True)
class Consent:
    """What was last known of the organisation's consent. Times are epoch ms.

    `rights` are the roles of the newest token that could be had, sorted, also those that we do not
    know. `since_ms`: since when they let us write; None: they don't. `looked_ms`: when Microsoft
    last answered. `why` it doesn't work, with `detail` for the log (never a secret), and
    `ended_ms`: since when it no longer works; None: it works, or never did.
    """

    rights: tuple[str, ...] = ()
    since_ms: int | None = None
    looked_ms: int = 0
    why: Why | None = Why.NEVER
    detail: str = ""
    ended_ms: int | None = None

    @property
    def may_write(self) -> bool:
        """Whether people's presence may be set. Nobody answering (yet) ends nothing."""
        return self.since_ms is not None and self.why in {None, Why.UNREACHABLE}

    @property
    def may_read(self) -> bool:
        """Whether it may be read what Microsoft shows of everybody."""
        return self.why in _RIGHTS_KNOWN and may_read(self.rights)

    @property
    def withdrawn(self) -> bool:
        """Whether the organisation authorised the app once, and it doesn't work any more."""
        return self.ended_ms is not None and not self.may_write

    @property
    def worked(self) -> bool:
        """Whether the organisation authorises the app, or has done so before."""
        return self.since_ms is not None or self.ended_ms is not None

    @property
    def matching(self) -> Matching:
        """How well people can be matched."""
        return matching(self.rights) if self.why in _RIGHTS_KNOWN else Matching.NONE

    @property
    def until_ms(self) -> int | None:
        """When what Microsoft was told before has ended by itself; None: it goes on, or never was.

        Without the right nothing can be cleared either.
        """
        return None if self.ended_ms is None else self.ended_ms + HELD_MS


_RIGHTS_KNOWN: Final = frozenset({None, Why.TOO_FEW, Why.UNREACHABLE})


def seen(before: Consent, roles: Iterable[str], now_ms: int) -> Consent:
    """After a token came, with these `roles`."""
    rights = tuple(sorted(set(roles)))
    if may_write(rights):
        since = before.since_ms if before.may_write else now_ms
        return Consent(rights, since_ms=since, looked_ms=now_ms, why=None)
    why = why_without(rights, worked=before.worked)
    return _ended(replace(before, rights=rights), why, "", now_ms)


def failed(before: Consent, why: Why, detail: str, now_ms: int) -> Consent:
    """After no token came, because of `why`."""
    if why is Why.UNREACHABLE:  # nothing was learnt
        quiet = before.why in {None, Why.UNREACHABLE}
        return replace(before, why=why, detail=detail) if quiet else before
    return _ended(before, why, detail, now_ms)


def _ended(before: Consent, why: Why, detail: str, now_ms: int) -> Consent:
    ended = now_ms if before.since_ms is not None else before.ended_ms
    return replace(before, since_ms=None, looked_ms=now_ms, why=why, detail=detail, ended_ms=ended)


def look_every_ms(consent: Consent, *, expected: bool) -> int:
    """How often Microsoft is asked anew; `expected`: an admin has just consented."""
    if expected and not consent.may_write:
        return EXPECTED_LOOK_MS
    return AWAY_LOOK_MS if consent.why is Why.UNREACHABLE else LOOK_MS


@dataclass(frozen=True, slots=True)
class Coverage:
    """People under the organisation's authorisation, as numbers; never who.

    `covered`: their presence is set by it. `waiting`: matched, and not started yet. `unmatched`: of
    Zoom's users in scope, nobody (or more than one) was found. `opted_out`: said *Not for me*.
    `in_trouble`: covered, and it does not work for them.
    """

    covered: int = 0
    waiting: int = 0
    unmatched: int = 0
    opted_out: int = 0
    in_trouble: int = 0


class Answer(StrEnum):
    """What came of an address at which somebody may consent. Values are stored, and are in logs."""

    AUTHORISED = "authorised"  # our own token shows it
    NOT_YET = "not_yet"  # consent was given, they say; our own token does not show it yet
    WORKED_NOT = "worked_not"  # our own token can't be had, or lacks a right: `Consent.why` says it
    DECLINED = "declined"
    NOT_ALLOWED = "not_allowed"  # who tried may not consent to this
    WRONG_TENANT = "wrong_tenant"  # it was given in another organisation
    OTHER = "other"  # Microsoft refused for another reason, which the log names
    # What we found ourselves.
    EXPIRED = "expired"
    REPLACED = "replaced"
    ENDED = "ended"
    NOT_ADMIN = "not_admin"  # who made the address is no such admin any more
    FORGED = "forged"  # an answer to a question that nobody asked here, or long ago
    OTHER_BROWSER = "other_browser"
    INCOMPLETE = "incomplete"
    FOREIGN_FORM = "foreign_form"
    OUR_FAULT = "our_fault"


def answer_of(consent: Consent) -> Answer:
    """What a look means for who has just consented."""
    if consent.may_write and consent.why is None:
        return Answer.AUTHORISED
    return Answer.NOT_YET if consent.why in {Why.NEVER, Why.WITHDRAWN} else Answer.WORKED_NOT

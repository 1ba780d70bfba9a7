"""The link between a Microsoft person and their Zoom person, and who is external. Pure.

They are the same person when the Zoom e-mail equals the Entra user principal name or mail
(Zoom's documentation of its own application-permission integration demands the same). Never guess.

External is a guest, or a member whose account is another organisation's. Microsoft says so in
several ways, none of which is always there; any one that does is enough.
"""

from __future__ import annotations

import contextlib
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import idna

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Ending:
    """How a link ended, and when what is left of it ends (epoch ms; None: nothing is left).

    cleared: Microsoft holds nothing of ours any more. later: Microsoft can't be reached now; what
    clearing does not need is erased, and the authorisation when it can, at `until_ms` at the
    latest. expires: the person is forgotten, but Microsoft did not let us clear what it holds,
    which ends by itself. Made where the person was erased (sync.engine.engine), and nowhere else.
    """

    how: Literal["cleared", "later", "expires"]
    until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A connected person. `zoom_id` and `zoom_email` are None until Zoom told us of them.

    `addresses` are the folded e-mail addresses under which Zoom may know the person.
    `connected_ms` is epoch milliseconds. `external`: Microsoft says that they are a guest, or that
    their account is another organisation's (`is_external_name` and the like).
    """

    object_id: str
    tenant_id: str
    name: str
    addresses: tuple[str, ...]
    connected_ms: int
    zoom_id: str | None = None
    zoom_email: str | None = None
    external: bool = False


class BadRow(Exception):
    """A stored row does not have the shape we wrote: someone else's data, or damage."""


def fold_address(address: str) -> str:
    """Return the form in which two spellings of one address are equal.

    As mail systems compare: letters of either case, and either form of an international domain
    (IDNA 2008). Nothing else is folded: straße@ and strasse@ are two mailboxes, and letters that
    only look like others (K, the sign for kelvin; the ligature ﬁ) are others.
    """
    text = address.strip()
    text = text.lower() if text.isascii() else "".join(map(_lower, text))
    local, at, domain = text.rpartition("@")
    if at and ("xn--" in domain or not domain.isascii()):
        # Not a domain by those rules: compared as it is written.
        with contextlib.suppress(UnicodeError):
            domain = idna.decode(idna.encode(domain))
    return local + at + domain


def _lower(letter: str) -> str:
    """A small letter for a capital one; a compatibility character is no capital of another."""
    small = letter.lower()
    return small if len(small) == 1 and unicodedata.normalize("NFKC", letter) == letter else letter


def addresses_of(*candidates: str | None) -> tuple[str, ...]:
    """Return the distinct usable addresses among UPN, mail and the like, in order."""
    found = (fold_address(c) for c in candidates if c and "@" in c and len(c) <= 320)
    return tuple(dict.fromkeys(found))


_GUEST_ROLES = frozenset({"guest", "anonymous"})
_ISSUERS = frozenset({"externalazuread", "microsoftaccount", "mail"})
"""What Entra writes as the issuer of identities from elsewhere, beside names of hosts."""


def is_external_name(addresses: Iterable[str]) -> bool:
    """By principal names: Entra writes those from elsewhere as user_home.example#EXT#@tenant.

    Its documentation: "Properties of a B2B collaboration user".
    """
    return any("#ext#" in address.lower() for address in addresses)


def is_external_account(user_type: str | None, identities: Iterable[tuple[str, str]]) -> bool:
    """By Graph's user: its `userType`, and its `identities` as pairs of sign-in type and issuer.

    Those from elsewhere sign in `federated`; members of a domain that is federated with the
    organisation's own servers keep the type `userPrincipalName` (Graph, "objectIdentity").
    """
    return (user_type or "").strip().lower() == "guest" or any(
        sign_in_type.strip().lower() == "federated" or issuer.strip().lower() in _ISSUERS
        for sign_in_type, issuer in identities
    )


def is_external_token(claims: Mapping[str, object]) -> bool:
    """By an ID token: `acct` is 1 for guests, `idp` names who else signed them in.

    Entra documentation, "Optional claims reference" and "ID token claims reference": `idp` is left
    out, or equal to `iss`, where that was the organisation itself.
    """
    if str(claims.get("acct")).strip() == "1":
        return True
    idp, issuer, tenant = claims.get("idp"), claims.get("iss"), str(claims.get("tid")).lower()
    return isinstance(idp, str) and idp.strip() not in {"", issuer} and tenant not in idp.lower()


def is_external_role(user_role: object) -> bool:
    """By what Teams says of a member: `userRole` (Bot Framework, "TeamsChannelAccount")."""
    return isinstance(user_role, str) and user_role.strip().lower() in _GUEST_ROLES

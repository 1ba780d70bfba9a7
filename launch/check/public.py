"""The public address (who answers, and what arrives there), and this machine's clock."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from launch.check.findings import Check, Fault, Found, Once, failed, ok, unseen, warning
from launch.check.registration import ends_at
from launch.check.store import redis_ms
from launch.check.visit import host_of, why_unreachable
from service import tls
from service.proof import BODY, HEADERS, PATH, PRODUCT, NotOurs, Proof
from sync.connect.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from launch.check.store import Server
    from launch.check.visit import Answer, Visit
    from service.proof import Arrived

LOOKS: Final = 3
"""Requests, each over a connection of its own: a load balancer may have several processes."""
NEEDS: Final = ("PUBLIC_URL", "ZOOM_WEBHOOK_SECRET")
OFF_SECONDS: Final = 30.0
FAR_OFF_SECONDS: Final = 120.0
_START = "Start serve, and let the proxy in front pass the address on to HOST and PORT."


@dataclass(frozen=True, slots=True)
class Reached:
    """Whoever answers at the public address: one answer for each look."""

    answers: Sequence[Answer]
    proofs: Sequence[Proof]


def public_checks(visit: Visit, reached: Once[Reached]) -> Sequence[Check]:
    """The checks of this part."""
    return (
        Check("public-address", "Public address", lambda: _address(visit, reached), NEEDS),
        Check("public-headers", "Proxy", lambda: _headers(reached), NEEDS),
        Check("teams-messages", "Teams messages", lambda: _messages(visit, reached), NEEDS),
        Check(
            "public-certificate",
            "Certificate",
            lambda: _certificate(visit),
            NEEDS[:1],
        ),
    )


async def reach(visit: Visit) -> Reached:
    """Ask at the public address. Raises Fault where it is not reached."""
    settings = visit.settings
    secret = settings.zoom_webhook_secret.get_secret_value()
    proofs = [Proof(secret, int(visit.now())) for _ in range(LOOKS)]
    try:
        answers = await asyncio.gather(
            *(
                visit.ask(
                    "POST",
                    f"{settings.public_url}{PATH}",
                    service="the public address",
                    signs=None,
                    params=proof.query,
                    data=BODY,
                    headers={**HEADERS, "Content-Type": "application/json"},
                )
                for proof in proofs
            )
        )
    except Fault as fault:
        # A machine behind the same router may not reach its own public address.
        more = (
            " Some networks don't let a machine reach its own public address: open "
            f"{settings.public_url} from elsewhere; if that works, use --skip public-address."
        )
        refused = "can't be found" not in fault.found.text and "certificate" not in fault.found.text
        found = fault.found
        raise Fault(failed(found.text, found.remedy + (more if refused else ""))) from fault
    return Reached(answers, proofs)


def _arrived(reached: Reached) -> list[Arrived]:
    """What the processes say. Raises Fault where somebody else answered."""
    return [
        _one(answer, proof) for answer, proof in zip(reached.answers, reached.proofs, strict=True)
    ]


def _one(answer: Answer, proof: Proof) -> Arrived:
    if answer.body.get("product") == PRODUCT:
        try:
            return proof.read(answer.body)
        except NotOurs:
            raise Fault(
                failed(
                    "The Presence Bridge that answers has another ZOOM_WEBHOOK_SECRET: it is "
                    "another installation, or hasn't been restarted since it was changed.",
                    "Compare the settings of all processes, and restart them. If their clocks are "
                    "minutes apart, set the clocks.",
                )
            ) from None
    if answer.status in {502, 503, 504}:
        raise Fault(
            failed(f"The proxy answers, but nothing behind it does (HTTP {answer.status}).", _START)
        )
    if 300 <= answer.status < 400:
        target = host_of(answer.headers.get("Location", "")) or "elsewhere"
        raise Fault(
            failed(
                f"The address redirects to {target} (HTTP {answer.status}).",
                "Let the proxy pass requests on as they are, without redirect and without sign-in.",
            )
        )
    if answer.status in {401, 403, 407}:
        raise Fault(
            failed(
                f"Something in front refuses requests (HTTP {answer.status}).",
                "Let the proxy pass every request on. Presence Bridge checks senders itself.",
            )
        )
    raise Fault(
        failed(
            f"Something else answers there (HTTP {answer.status}).",
            "Check where the name leads (DNS), and that the proxy passes every path on to Presence "
            "Bridge, in this version.",
        )
    )


async def _address(visit: Visit, reached: Once[Reached]) -> Found:
    arrived = _arrived(await reached.get())
    ours = visit.settings.token_key_list
    if ours and any(one.key != Vault(ours).newest for one in arrived):
        return failed(
            "A process behind it has another first key in TOKEN_KEYS.",
            "Give every process the same TOKEN_KEYS, in the same order, and restart them.",
        )
    versions = sorted({one.version for one in arrived})
    return ok(f"this Presence Bridge answers ({', '.join(versions)})")


async def _headers(reached: Once[Reached]) -> Found:
    try:
        arrived = _arrived(await reached.for_others())
    except Fault:
        return unseen("Not tested: the public address failed.")
    lost = sorted({name for one in arrived for name in one.lost})
    if lost:
        return failed(
            f"Headers get lost on the way: {', '.join(lost)}.",
            "Let the proxy pass on all headers as they are.",
        )
    if not all(one.body_whole for one in arrived):
        return failed(
            "Bodies are changed on the way, so Zoom's signatures won't match.",
            "Let the proxy pass bodies on byte by byte: no rewriting, no unpacking.",
        )
    return ok("headers and bodies arrive as they were sent")


async def _messages(visit: Visit, reached: Once[Reached]) -> Found:
    """Whether Teams' messages come, and are believed: by what the processes saw since their start.

    Anybody may send what is refused, so a refusal alone is no more than a warning.
    """
    try:
        arrived = _arrived(await reached.for_others())
    except Fault:
        return unseen("Not tested: the public address failed.")
    if accepted := max(one.accepted for one in arrived):
        return ok(f"{accepted:,} accepted since serve was started")
    endpoint = f"{visit.settings.public_url}/api/messages"
    if refusal := next((one.refusal for one in arrived if one.refusal), ""):
        return warning(
            f"None has been accepted since serve was started. The last was refused: {refusal}.",
            _REFUSALS.get(refusal)
            or f"Check that the bot is registered as Single Tenant, with the endpoint {endpoint}.",
        )
    return unseen(
        "None has come since serve was started.",
        "Say hi to the app in Teams, and run this again. If there is no answer: the bot's "
        f"messaging endpoint must be {endpoint}, and the channel Microsoft Teams be switched on.",
    )


_REFUSALS: Final = {
    "InvalidAudienceError": (
        "They are for another bot. Its app id must be the one in MicrosoftAppId."
    ),
    "InvalidIssuerError": "The bot is registered as another kind, or in another cloud: it must be "
    "Single Tenant; for other clouds set BOT_OPENID_METADATA_URL.",
    "unknown key": "They aren't signed by the Bot Framework, or come from another cloud: "
    "compare BOT_OPENID_METADATA_URL with .env.example.",
    "another tenant": "They come from another organisation: compare MicrosoftAppTenantId.",
    "no bearer token": (
        "They come without a token: a proxy strips it, or they don't come from Teams."
    ),
    "ImmatureSignatureError": (
        "This machine's clock is behind: set it over the network (NTP, chrony)."
    ),
    "ExpiredSignatureError": (
        "This machine's clock is ahead: set it over the network (NTP, chrony)."
    ),
}
"""What the reasons of refusals point to (bot.teams.inbound_auth, bot.teams.channel)."""


async def _certificate(visit: Visit) -> Found:
    parts = urlsplit(visit.settings.public_url)
    if parts.scheme == "http":
        return ok("not needed: the address is on this machine")
    try:
        _, writer = await asyncio.open_connection(
            parts.hostname, parts.port or 443, ssl=tls.client_context(os.environ)
        )
    except (OSError, ssl.SSLError) as error:
        found = why_unreachable(error, visit.settings.public_url)
        if isinstance(error, ssl.SSLError | socket.gaierror):
            return found
        return unseen(f"Not tested. {found.text}", found.remedy)
    told = writer.get_extra_info("peercert") or {}
    writer.close()
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(told["notAfter"])), UTC)
    return ends_at("The certificate", ends, visit.now(), "Renew it at the proxy.")


def clock_check(visit: Visit, server: Once[Server]) -> Check:
    """Whether our clock agrees with those that the other checks saw: it comes after them."""

    async def look() -> Found:
        if not visit.clocks:
            return unseen("Nothing answered whose clock could be compared with.")
        services = {name: off for name, off in visit.clocks.items() if name != "the public address"}
        off = median((services or visit.clocks).values())
        remedy = "Set the clock over the network (NTP, chrony)."
        how = f"{abs(off):.0f} s {'ahead' if off > 0 else 'behind'}"
        if abs(off) > FAR_OFF_SECONDS:
            return failed(
                f"This machine's clock is {how}: signatures and tokens look out of date.", remedy
            )
        if abs(off) > OFF_SECONDS:
            return warning(f"This machine's clock is {how}.", remedy)
        stored = await redis_ms(server)
        ahead = 0.0 if stored is None else stored / 1000 - visit.now() + off
        if abs(ahead) > OFF_SECONDS:
            how = f"{abs(ahead):.0f} s {'ahead' if ahead > 0 else 'behind'}"
            return warning(
                f"The Redis server's clock is {how}: Zoom's events look older or newer than "
                "they are.",
                "Set that machine's clock over the network (NTP, chrony).",
            )
        return ok(f"agrees with {' and '.join(sorted(services or visit.clocks)[:3])}")

    return Check("clock", "Clock", look)

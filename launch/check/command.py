"""The command: which checks there are, which of them are run, and how they end."""

from __future__ import annotations

import contextlib
import io
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from launch.check import SETTINGS
from launch.check.findings import Check, Finding, Found, Once, failed, ok, run, unseen
from launch.check.microsoft import app_token, microsoft_checks, organisation_token
from launch.check.organisation import organisation_checks
from launch.check.public import clock_check, public_checks, reach
from launch.check.registration import read_registration, registration_checks
from launch.check.show import all_well, as_json, show, waiting
from launch.check.store import open_server, store_checks
from launch.check.visit import open_visit
from launch.check.zoom import zoom_checks, zoom_token
from launch.terminal import say
from launch.version import VERSION
from service import logs
from service.redaction import HIDDEN

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from launch.check.visit import Visit
    from service.settings import Examined

Result = TypeVar("Result")


async def check_everything(
    examined: Examined,
    *,
    only: Collection[str] = (),
    skip: Collection[str] = (),
    entra_token: str | None = None,
    json: bool = False,
) -> bool:
    """Run the checks and print what they found. False: something failed.

    Nothing is changed, but that Zoom may end the token of running processes: they get another.
    Raises TrustError.
    """
    # What is logged meanwhile says nothing that the table does not say.
    logs.configure("text", "error", io.StringIO(), secrets=examined.settings.secret_texts)
    with waiting() if not json else contextlib.nullcontext():
        findings = await look(examined, only=only, skip=skip, entra_token=entra_token)
    if json:
        say(as_json(findings, version=VERSION, now=time.time()))
    else:
        show(findings)
    return all_well(findings)


async def look(
    examined: Examined,
    *,
    only: Collection[str] = (),
    skip: Collection[str] = (),
    entra_token: str | None = None,
) -> list[Finding]:
    """Run the checks: `only` these by name, if any are named, and none of `skip`."""
    async with AsyncExitStack() as stack:
        visit = await open_visit(examined.settings, stack, entra_token=entra_token)
        findings = await look_from(visit, examined, stack, only=only, skip=skip)
    secrets = examined.settings.secret_texts | ({entra_token} if entra_token else frozenset())
    return [_without(one, secrets) for one in findings]


async def look_from(
    visit: Visit,
    examined: Examined,
    stack: AsyncExitStack,
    *,
    only: Collection[str] = (),
    skip: Collection[str] = (),
) -> list[Finding]:
    """The same, with what the checks ask with."""

    def once(name: str, obtain: Callable[[], Awaitable[Result]]) -> Once[Result]:
        thing = Once(name, obtain)
        stack.push_async_callback(thing.close)
        return thing

    token = once("the app's sign-in", lambda: app_token(visit))
    server = once("Redis", lambda: open_server(visit, stack))
    registration = once("reading the registration", lambda: read_registration(visit, token))
    organisation, organisation_s = token, registration
    if second := visit.settings.organisation_client_id:
        organisation = once("the second app's sign-in", lambda: organisation_token(visit))
        organisation_s = once(
            "reading the second registration",
            lambda: read_registration(visit, organisation, second),
        )
    zoom = once("Zoom's token", lambda: zoom_token(visit))
    reached = once("the public address", lambda: reach(visit))

    def chosen(*checks: Check) -> list[Check]:
        return [c for c in checks if (not only or c.name in only) and c.name not in skip]

    findings = [
        Finding(SETTINGS, "Settings", one)
        for one in _settings(examined)
        if (not only or SETTINGS in only) and SETTINGS not in skip
    ]
    checks = chosen(
        *store_checks(visit, server),
        *microsoft_checks(visit, token),
        *registration_checks(visit, registration),
        *organisation_checks(visit, organisation, organisation_s, token),
        *zoom_checks(visit, zoom),
        Check("zoom-own-sync", "Zoom's own sync", _own_sync),
        *public_checks(visit, reached),
    )
    findings += await run(checks, examined.given)
    return findings + await run(chosen(clock_check(visit, server)), examined.given)


def _settings(examined: Examined) -> list[Found]:
    """Whether the settings are there and well formed: a line for each that is not."""
    remedy = f"Correct it there, or run: python app.py setup. {examined.where}"
    return [failed(problem, remedy) for problem in examined.problems] or [ok("complete")]


async def _own_sync() -> Found:
    return unseen(
        "It must be off, or both would write. Zoom doesn't show this setting to apps.",
        "Zoom web portal > Account Management > Account Settings > Mail & Calendar: remove the "
        "permission for Presence.",
    )


def _without(one: Finding, secrets: Collection[str]) -> Finding:
    """The finding without any secret of ours, which a service may have quoted."""
    text, remedy = one.found.text, one.found.remedy
    for secret in secrets:
        text, remedy = text.replace(secret, HIDDEN), remedy.replace(secret, HIDDEN)
    return replace(one, found=replace(one.found, text=text, remedy=remedy))

"""What survives a restart: consents, refresh tokens, the signing key, and everybody's states.

Moments are stored as real time, so that a clock that was moved forward starts afresh. The file is
written beside the old one and then put in its place, readable by its owner only.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from sandbox.graph_presence import Pair, Preferred, Session, TeamsClient, TeamsState
from sandbox.own_rights import OwnRights, Trouble
from sandbox.zoom_states import ZoomPresence

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.world import PersonState, World

log = structlog.get_logger("sandbox")


class _Saved(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class SavedSession(_Saved):
    """A `Session`."""

    pair: Pair
    set_at: float
    expires_at: float


class SavedPreferred(_Saved):
    """A `Preferred`."""

    pair: Pair
    expires_at: float
    by: str


class SavedPerson(_Saved):
    """One person's states and their standing with the app."""

    zoom: ZoomPresence
    zoom_since: float
    teams: TeamsClient
    teams_since: float
    sessions: dict[str, SavedSession]
    preferred: SavedPreferred | None
    consent: list[str]
    admin_approval: bool
    generation: int
    token_at: float | None


class SavedRights(_Saved):
    """`OwnRights`."""

    declared: list[str]
    granted: dict[str, float]
    delay: float
    trouble: Trouble | None


class SavedState(_Saved):
    """The whole file. `tenant_id` and `client_id` say for which registration the consents are."""

    version: Literal[1] = 1
    tenant_id: str
    client_id: str
    signing_key: str
    refresh_key: str
    people: dict[str, SavedPerson]
    own_rights: SavedRights | None = None  # files of before have none


def snapshot(world: World) -> str:
    """The state as JSON text."""
    pem, refresh_key = world.identity.keys.exported()
    return SavedState(
        tenant_id=world.config.tenant_id,
        client_id=world.config.client_id,
        signing_key=pem,
        refresh_key=refresh_key,
        people={oid: _save(world, oid, state) for oid, state in world.people.items()},
        own_rights=_save_rights(world),
    ).model_dump_json(indent=1)


def _save(world: World, oid: str, state: PersonState) -> SavedPerson:
    ahead = world.clock.offset
    standing = world.identity.standing[oid]
    return SavedPerson(
        zoom=state.zoom,
        zoom_since=state.zoom_since - ahead,
        teams=state.teams.client,
        teams_since=state.teams.since - ahead,
        sessions={
            app: SavedSession(pair=s.pair, set_at=s.set_at - ahead, expires_at=s.expires_at - ahead)
            for app, s in state.sessions.items()
        },
        preferred=None
        if (p := state.preferred) is None
        else SavedPreferred(pair=p.pair, expires_at=p.expires_at - ahead, by=p.by),
        consent=sorted(standing.consent),
        admin_approval=standing.admin_approval,
        generation=standing.generation,
        token_at=None if standing.token_at is None else standing.token_at - ahead,
    )


def _save_rights(world: World) -> SavedRights:
    rights, ahead = world.own_rights, world.clock.offset
    return SavedRights(
        declared=rights.declared,
        granted={name: at - ahead for name, at in rights.granted.items()},
        delay=rights.delay,
        trouble=rights.trouble,
    )


def restore(world: World, text: str) -> None:
    """Put a saved state back; people who are not in the sandbox any more are left out.

    Raises ValueError when the text is no such state, or another registration's: nothing changed.
    """
    saved = SavedState.model_validate_json(text)
    if (saved.tenant_id, saved.client_id) != (world.config.tenant_id, world.config.client_id):
        raise ValueError("it belongs to another tenant or app registration")
    world.identity.keys.use(saved.signing_key, saved.refresh_key)
    ahead = world.clock.offset
    if (rights := saved.own_rights) is not None:
        world.own_rights = OwnRights(
            rights.declared,
            {name: at + ahead for name, at in rights.granted.items()},
            rights.delay,
            rights.trouble,
        )
    for oid, person in saved.people.items():
        if (state := world.people.get(oid)) is None:
            continue
        if state.person.zoom_email is not None:
            state.zoom, state.zoom_since = person.zoom, person.zoom_since + ahead
        state.teams = TeamsState(person.teams, person.teams_since + ahead)
        state.sessions = {
            app: Session(s.pair, s.set_at + ahead, s.expires_at + ahead)
            for app, s in person.sessions.items()
        }
        state.preferred = (
            None
            if (p := person.preferred) is None
            else Preferred(p.pair, p.expires_at + ahead, p.by)
        )
        standing = world.identity.standing[oid]
        standing.consent = set(person.consent)
        standing.admin_approval = person.admin_approval
        standing.generation = person.generation
        standing.token_at = None if person.token_at is None else person.token_at + ahead


def load(world: World, path: Path) -> None:
    """Restore from a file. Start afresh without one, or (logged) with an unreadable one."""
    try:
        restore(world, path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    except ValidationError as error:
        log.warning("sandbox_state_unreadable", file=str(path), problems=error.error_count())
    except (OSError, ValueError) as error:
        log.warning("sandbox_state_unreadable", file=str(path), problem=str(error))


def write(path: Path, text: str) -> None:
    """Replace the file in one step, mode 0600."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)


async def keep_saved(world: World, path: Path) -> None:
    """Save after every change; those made in one go are saved together. Never returns."""
    stored = ""
    while True:
        seen = world.revision
        text = snapshot(world)
        if text != stored:
            write(path, text)  # here, not in a thread: a few kB, and never two writers at once
            stored = text
        await world.wait_for_change(seen)

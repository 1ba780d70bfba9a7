"""Records what today's cards carry and how rows are stored, for the tests of later releases.

    python -m tests.upgrade.record          after a change: clicks-next.json, rows-next.json
    python -m tests.upgrade.release 0.2.0   at a release: clicks-0.2.0.json, rows-0.2.0.json

What was recorded of a release is never changed: it is what is out there.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
from typing import TYPE_CHECKING, Any, Final

from bot.consent.store import ConsentLink, Tried, Try
from bot.digest.store import Digest
from bot.handlers.settings.progress import ProgressCard
from bot.invite.roster import Met
from bot.invite.store import Mailing, MailingCard, Tally
from bot.sign_in.attempt import Attempt, Outcome, Refused
from bot.sign_in.store import SignInRow
from cards.click import CLICKS, Click, packed
from cards.person.clicks import ChooseOwnStyle, UseStyle
from cards.seal import Seal
from cards.settings.clicks import ApplyChange, PickForChange
from domain.condition import Condition
from domain.digest import Counted
from domain.directory import DirectoryGroup, DirectoryUser, MembershipChange
from domain.link import Link
from domain.matching import EntraUser, Match
from domain.newer import DATA_VERSION
from domain.organisation import Consent
from domain.person import PersonState
from domain.policy import SOME_GROUP, Authoriser, Form, Level
from domain.policy_edits import (
    Authorise,
    ChooseShare,
    ChooseStyle,
    Disable,
    Enable,
    Inherit,
    Lock,
    Move,
    Narrow,
    Stop,
    Unlock,
)
from domain.presence import LEVEL_STYLES, Style
from domain.storms import Storm
from sync.engine.identity import News
from sync.feed.store import FeedState
from sync.organisation.by_hand import Alias, Given, Undo
from sync.organisation.exclusions import Exclusion, FileUndo
from sync.organisation.matches import Kept
from sync.redis import keys
from sync.settings.audit import Entry
from sync.settings.rollout import Rollout
from tests.cards.samples import UNSEALED
from tests.doubles.redis import RedisServer, open_client
from tests.upgrade.released import FOLDER, NEXT
from tests.upgrade.stored import ENUMS, NO_ROWS, dump, read, write

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sync.redis.connection import Client

BUTTON_KEY: Final = b"the key of recorded buttons: no secret"
CARD_ID: Final = "recorded-card"
OUTSIDE: Final = ("-hebrew", "-hostile", "-long", "-longest", "-emoji")
ROWS: Final[tuple[type[Any], ...]] = (
    *(Attempt, Consent, ConsentLink, Tried, Try, Outcome, ProgressCard, Refused),
    *(DirectoryGroup, DirectoryUser, FeedState, Form, Link, Mailing, MailingCard),
    *(Entry, MembershipChange, Met, News, PersonState, Rollout, SignInRow, Storm, Tally),
    *(Alias, Counted, Digest, EntraUser, Exclusion, FileUndo, Given, Kept, Match, Undo),
)
"""What rows become. Their fields stand for those that are stored."""


OTHERS: Final[tuple[Click, ...]] = (
    PickForChange(ChooseStyle(SOME_GROUP, Style.FULL)),
    PickForChange(Move(SOME_GROUP, 2)),
    PickForChange(Move(SOME_GROUP, 2), reason="INC0012345"),
    *(choose(style) for choose in (ChooseOwnStyle, UseStyle) for style in (None, *Style)),
    *(
        ApplyChange(edit(Level("zgSales", "Sales")), 7)
        for edit in (Enable, Disable, Inherit, Lock, Unlock)
    ),
    ApplyChange(Move(Level("zgSales", "Sales"), 2), 7),
    *(ApplyChange(Authorise(Level("zgSales", "Sales"), each), 7) for each in Authoriser),
    ApplyChange(Narrow(Level("zgSales", "Sales"), Condition("country", "Sweden")), 7),
    ApplyChange(ChooseShare(Level("zgSales", "Sales"), 20), 7),
    ApplyChange(Stop(), 7),
    *(ApplyChange(ChooseStyle(Level("zgSales", "Sales"), style), 7) for style in LEVEL_STYLES),
)
"""What no card of tests.cards.samples carries, and every act and style."""


def clicks() -> dict[str, Any]:
    """What a client sends for each button that today's cards have: once for each that differs."""
    seal, found = Seal(BUTTON_KEY), dict[str, Any]()
    of_samples = [card for name, card in UNSEALED.items() if not name.endswith(OUTSIDE)]
    bare = [kind() for kind in CLICKS.values() if not dataclasses.fields(kind)]  # type: ignore[arg-type]
    actions = [{"type": "Action.Execute", "click": each} for each in (*OTHERS, *bare)]
    for card in (*of_samples, {"actions": actions}):
        sealed = seal.sealed(card, CARD_ID)
        nodes = [(str(node.get("type")), node) for node in _nodes(sealed)]
        entered = {
            node["id"]: str(node.get("value", "")) for kind, node in nodes if "Input." in kind
        }
        for data in (node["data"] for kind, node in nodes if kind == "Action.Execute"):
            asked, _ = seal.opened("", data)
            sent = data | (entered if _takes_entries(type(asked)) else {})
            found.setdefault(
                json.dumps([data["verb"], data["args"]]),
                {"sent": sent, "means": means(seal.opened("", sent)[0])},
            )
    return {"data_version": DATA_VERSION, "clicks": [found[key] for key in sorted(found)]}


def means(asked: Click) -> dict[str, Any]:
    """A click as JSON, with what was entered."""
    entered = {field.name: getattr(asked, field.name) for field in _entered(type(asked))}
    return {"verb": asked.verb, **entered, **packed(asked)}


def _takes_entries(kind: type[Click]) -> bool:
    return bool(_entered(kind))


def _entered(kind: type[Click]) -> list[dataclasses.Field[Any]]:
    return [field for field in dataclasses.fields(kind) if field.metadata.get("entered")]  # type: ignore[arg-type]


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    """Every object of a card; not what its buttons carry, and not what old clients see."""
    if isinstance(node, list):
        for item in node:
            yield from _nodes(item)
    elif isinstance(node, dict):
        yield node
        for key, value in node.items():
            if key not in {"data", "fallback"}:
                yield from _nodes(value)


def kinds() -> list[str]:
    """The kinds of keys under which rows are stored, as sync.redis.keys declares them."""
    return sorted({each.name for each in keys.DECLARED if not NO_ROWS.fullmatch(each.name)})


async def rows(client: Client) -> dict[str, Any]:
    """Every row as stored in an empty Redis, and what each means."""
    await write(client)
    stored = await dump(client)
    return {
        "data_version": DATA_VERSION,
        "members": {kind.__name__: [member.value for member in kind] for kind in ENUMS},
        "fields": {kind.__name__: sorted(fields_of(kind)) for kind in ROWS},
        "kinds": kinds(),
        "rows": stored,
        "means": await read(client),
    }


def fields_of(kind: type[Any]) -> Iterator[str]:
    """The names of its fields."""
    return (field.name for field in dataclasses.fields(kind))


def save(version: str) -> None:
    """Write both files of a release, or of what comes next."""
    for kind, found in (("clicks", clicks()), ("rows", asyncio.run(_rows()))):
        path = FOLDER / f"{kind}-{version}.json"
        path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
        print(f"Wrote {path.relative_to(FOLDER.parents[1])}.")  # noqa: T201 - a command


async def _rows() -> dict[str, Any]:
    with RedisServer() as server:
        client = open_client(server)
        try:
            return await rows(client)
        finally:
            await client.aclose()


def covers(recorded: Mapping[str, Any], today: Mapping[str, Any]) -> bool:
    """Whether all that was recorded means the same today; more may have come since."""
    return all(same(value, today.get(name)) for name, value in recorded.items())


def same(recorded: Any, today: Any) -> bool:
    if isinstance(recorded, dict) and isinstance(today, dict):
        return covers(recorded, today)
    if isinstance(recorded, list) and isinstance(today, list):
        return len(recorded) == len(today) and all(map(same, recorded, today))
    return bool(recorded == today)


if __name__ == "__main__":
    save(NEXT)

"""Knowing whether the organisation authorises the app: one answer for all processes.

Microsoft is asked for a new token every quarter of an hour, so that consent is noticed wherever it
was given or withdrawn. One process asks at a time; the others read what came of it, and let go of
the tokens that they have when it has changed.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Final

import structlog

from domain.clock import HOUR, MINUTE
from domain.errors import OutsideError
from domain.organisation import Consent, Why, failed, look_every_ms, seen, why_of
from sync.organisation import scripts as lua
from sync.redis import duties, keys
from sync.redis.duties import Work
from sync.redis.leases import Lease
from sync.redis.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sync.organisation.token import OrganisationToken
    from sync.redis.connection import Client
    from sync.redis.scripts import Scripts

log = structlog.get_logger()

CONSENTS: Final = Rows(Consent)
LEASE_MS: Final = 30_000
"""Longer than asking for a token may take."""
EXPECTED_MS: Final = 10 * MINUTE
"""For so long after an admin has consented it is looked for in short intervals."""
TOLD_MS: Final = HOUR
"""News that are older are told nobody."""
DOUBT_MS: Final = MINUTE
"""Between two looks because Graph refused something."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known for all: the consent, when Microsoft was asked, and until when it is awaited.

    Epoch ms. `row` is the consent as it is stored; empty: nothing is. `app`: which registration it
    is about (a client id; "": nobody said so).
    """

    consent: Consent
    asked_ms: int = 0
    expected_until_ms: int = 0
    row: str = ""
    app: str = ""


@dataclass(frozen=True, slots=True)
class ConsentStore:
    """Where it is kept. Raises REDIS_TROUBLE."""

    client: Client
    scripts: Scripts

    async def read(self) -> Known:
        """What is known now; of a row that can't be read, nothing."""
        row, asked, until, app = await self.client.hmget(
            keys.CONSENT, "row", "asked", "until", "app"
        )
        consent = CONSENTS.load_if_good(row)
        if consent is None and row is not None:
            log.error("consent_row_damaged")
        return Known(consent or Consent(), _number(asked), _number(until), row or "", app or "")

    async def save(self, consent: Consent, asked_ms: int, *, instead: str = "") -> str | None:
        """Keep it in the place of a row; the row that was there. Another one: nothing was kept.

        None: somebody asked Microsoft later, and knows more.
        """
        return await self.scripts.run(
            lua.consent_save,
            consent=keys.CONSENT,
            asked_ms=asked_ms,
            instead=instead,
            row=CONSENTS.dump(consent),
        )

    async def about(self, app: str) -> None:
        """It is about this registration from now on."""
        await self.client.hset(keys.CONSENT, "app", app)

    async def expect(self, until_ms: int) -> None:
        """An admin says that they consented: it is awaited until then."""
        await self.client.hset(keys.CONSENT, "until", str(until_ms))

    async def is_news(self, news: str) -> bool:
        """Whether nobody has told this yet; the caller does."""
        key = keys.consent_told(news)
        return bool(await self.client.set(key, "1", nx=True, ex=keys.CONSENT_TOLD_TTL))

    def lease(self) -> Lease:
        """Whoever has it asks Microsoft."""
        return Lease(self.client, keys.CONSENT_LEASE, LEASE_MS)


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isdecimal() else 0


@dataclass(eq=False, repr=False)
class Consents:
    """Looks, and tells.

    `now_ms` gives the time of the clock that all processes share. `told` hears once, in one
    process, that the organisation authorises the app, and that it does no longer. `app`: the client
    id of the registration whose token it is. What was known of another one counts for nothing, and
    Microsoft is asked at the start.
    """

    token: OrganisationToken
    store: ConsentStore
    _: KW_ONLY
    now_ms: Callable[[], Awaitable[int]]
    told: Callable[[Consent], Awaitable[None]] | None = None
    app: str = ""

    def __post_init__(self) -> None:
        self._compared = False
        self.known = Consent()
        """What this process knows; a few seconds old at most while Redis answers."""
        self._lease = self.store.lease()
        self._doubted = False
        self._last_told = ""
        self.wakes = list[Work]()
        """The duties that go by it, in this process: woken where something else is allowed now."""
        self.work = Work(duties.CONSENT, self._step, lease=self._lease)

    async def read(self) -> Consent:
        """What is known now. Raises REDIS_TROUBLE."""
        return self._follow((await self.store.read()).consent)

    async def may_read(self) -> bool:
        """Whether Microsoft lets us read presence, as is known now. Raises REDIS_TROUBLE."""
        return (await self.read()).may_read

    async def look(self) -> Consent:
        """Ask Microsoft now. Raises REDIS_TROUBLE."""
        asked_ms, known = await self.now_ms(), await self.store.read()
        before, row = known.consent, known.row
        if known.app and known.app != self.app:
            before = Consent()
        self.token.worked = before.worked
        follows = await self._ask(asked_ms)
        while True:
            after = follows(before)
            replaced = await self.store.save(after, asked_ms, instead=row)
            if replaced is None:
                return await self.read()
            if replaced == row:
                if known.app != self.app:
                    await self.store.about(self.app)
                break
            # Another process was first: since when it holds, is what that one found.
            row, before = replaced, CONSENTS.load_if_good(replaced) or Consent()
        _log(before, after)
        self._know(after)  # the token in use is the one that was looked at
        await self._tell(after, asked_ms)
        return after

    async def _ask(self, asked_ms: int) -> Callable[[Consent], Consent]:
        """Ask Microsoft; what follows from the answer, after what was known before."""
        try:
            roles = await self.token.look()
        except OutsideError as error:
            why, detail = why_of(error.code) or Why.UNREACHABLE, error.detail or error.code
            return lambda before: failed(before, why, detail, asked_ms)
        return lambda before: seen(before, roles, asked_ms)

    async def fresh(self, most_ms: int) -> Consent:
        """What Microsoft said so long ago at most. Raises REDIS_TROUBLE."""
        known = await self.store.read()
        old = await self.now_ms() - known.asked_ms > most_ms
        return await self.look() if old else self._follow(known.consent)

    async def expect(self) -> None:
        """An admin has just consented, and tokens don't show it yet: look again and again."""
        await self.store.expect(await self.now_ms() + EXPECTED_MS)
        self.work.wake()

    def doubt(self) -> None:
        """Graph refused what the organisation allows: use another token, and look soon."""
        self.token.invalidate()
        self._doubted = True
        self.work.wake()

    async def _step(self) -> None:
        now, known = await self.now_ms(), await self.store.read()
        every = look_every_ms(known.consent, expected=now < known.expected_until_ms)
        another_s = not self._compared and known.app not in {"", self.app}
        if another_s:
            every = 0
        if self._doubted:
            every = min(every, DOUBT_MS)
        if now - known.asked_ms >= every and await self._lease.take():
            self._doubted, self._compared = False, True
            await self.look()
        else:
            self._compared |= not another_s
            await self._tell(self._follow(known.consent), now)

    async def _tell(self, consent: Consent, now_ms: int) -> None:
        """Have it told what has changed: by one process, also if another died before it could."""
        since = consent.since_ms if consent.may_write else consent.ended_ms
        if self.told is None or since is None or now_ms - since > TOLD_MS:
            return
        news = f"{since}/{consent.may_write}"
        if news != self._last_told and await self.store.is_news(news):
            await self.told(consent)
        self._last_told = news

    def _follow(self, consent: Consent) -> Consent:
        """Let go of our token where another process found that it allows something else now."""
        if (consent.rights, consent.why) != (self.known.rights, self.known.why):
            self.token.invalidate()
        self.token.worked = consent.worked
        self._know(consent)
        return consent

    def _know(self, consent: Consent) -> None:
        differs = (consent.rights, consent.why) != (self.known.rights, self.known.why)
        self.known = consent
        if differs:
            for work in self.wakes:
                work.wake()


def _log(before: Consent, after: Consent) -> None:
    """Say in the log what has changed, once."""
    if (before.why, before.rights) == (after.why, after.rights):
        return
    if after.why is None:
        log.info("organisation_authorised", rights=list(after.rights))
    elif after.why is Why.UNREACHABLE:
        log.warning("organisation_not_looked_up", reason=after.detail)
    elif before.may_write:
        log.error("organisation_authorisation_ended", reason=after.why, detail=after.detail)
    else:
        log.warning("organisation_not_authorised", reason=after.why, detail=after.detail)

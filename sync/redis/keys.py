"""Every Redis key, declared once: its name, what it holds, and how long it lives (`DECLARED`).

`{NN}` is a person's shard, a hash tag: all keys of one person are in one cluster slot, so that one
script can change them together. `<…>` is what differs; where it is a hash, the key's function
takes what is hashed, so that nothing from outside stands in a name.

Fields of the person hash: `gen` generation of the link, `ver` version of the demand, `obs` and
`obs_at` Zoom's newest state and its time, `since` when that state began, `got` when it reached us,
`answered` the `got` that was acted on, `held`, `told`, `until` our session at Microsoft, `unsure`
that this is an attempt, whose answer was not heard or was no, and what was accepted before it,
`pref`, `pref_told`, `pref_until`, `pref_unsure` the same for the preferred status, `app` the
registration whose session ours is (a client id) where it is not the one with which people sign in,
`old`, `old_told`, `old_until`, `old_unsure` and `old_app` the session of another one that could not
be cleared, `yielded` the `obs_at` for which the person's own status was met, `test` end of a
running test, `met` they were notified of their first meeting, `zoom` and `groups` Zoom id and group
ids, `addr` their addresses, `proved` when the link was last compared with both sides, `by` who
authorised it where it was not the person (domain.policy.AuthorisedBy), `own_until` until when an
authorisation of their own is kept beside that, `style` and `paused` the person's own choices,
`need` the policy that must be carried out for them and `pol` the one that was, `wrote` when
Microsoft last accepted a write, `tries` failures in a row, `trouble`, `code` and `trouble_at` what
ails them (domain.errors.Trouble), what was answered, and since when, `failed` and `failed_at` what
failed last, also when it is over, `as` the style by which they were planned last
(domain.agreement), `notified` how far notifying them of it is (domain.storms.Notified), `wait` not
before, `leaving` the person asked to be forgotten, `gone` since when their app is taken out,
perhaps to be replaced, `lane` the lane they stand in, `lease` and `lease_end` who works on them.
Times are epoch milliseconds of the Redis server's clock.

Fields of the budget: `u<lane>` requests that count, `<cell>:<lane>` those of a cell, `f` and `l`
the first and the last cell, `s<lane>` until when less urgent lanes stand back for this one, `w`
when somebody other than a keep-alive of Available had to wait.

Fields of the directory's state: `read`, `users`, `groups` the last good reading, `failed`,
`reason`, `detail` the last bad one, `doubted` since when Zoom's answers are not believed, `due` the
next reading, `requested` when one is requested, `not_before` even then. A reading that is being put
together ends by itself after an hour.

Fields of the feed's state: `beat` a web process was there, `since` since when there is one without
a break, `last` and `validated` the last delivery and validation, `hour:<hour>` deliveries of an
hour since the epoch, `judged` and `recent` how far they were learnt, `silent` the feed is, since
then, `warned` for which validation no next one came, `doubted` what was observed before is not
trusted, `sweep` and `swept` the doubt for which people are and were asked about, `gap_from` and
`gap_to` when events were missed, `account` whose events count where no setting says so.

Fields of the state of reading back: `up` since when it is relied on, `lost` when it was lost and
`passed` for which loss everybody was planned anew, and those of sync.readback.status.Status. What a
person is next looked at for: whole milliseconds where the engine said when, halves behind them
where it is only the reader's next round, quarters where a look for the engine is under way.

Fields of the state of matching are those of the directory's, with `wanted` a hash of what was to be
matched, `full` whether whole profiles could be read, and `counts` of results (JSON).

Fields of the settings: `version`, `account` (a form), `group:<Zoom group id>` (name, priority and
form); JSON of sync.settings.rows.
"""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING, Final, NamedTuple, NewType

if TYPE_CHECKING:
    from collections.abc import Callable

Key = NewType("Key", str)
"""A key of Redis, or what several of one slot begin with."""

SHARDS = 8
"""Fixed: changing it would lose people. Enough to spread over a cluster."""
LANES = 4


class Declared(NamedTuple):
    """A kind of key. `lives`: seconds from the last write, or in words."""

    name: str
    holds: str
    lives: int | str


DECLARED: Final[list[Declared]] = []


def shard_of(object_id: str) -> int:
    """The shard of a person."""
    return zlib.crc32(object_id.encode()) % SHARDS


def _one(name: str, holds: str, lives: int | str) -> Key:
    DECLARED.append(Declared(f"pb:{name}", holds, lives))
    return Key(f"pb:{name}")


def _cut(name: str, holds: str, lives: int | str) -> list[str]:
    """Declare a kind; what stands before, between and behind its `<…>`."""
    return [part.rpartition(">")[2] for part in _one(name, holds, lives).split("<")]


def _of(name: str, holds: str, lives: int | str) -> Callable[[str], Key]:
    before, after = _cut(name, holds, lives)
    if "<hash>" in name:
        return lambda text: Key(f"{before}{_digest(text)}{after}")
    return lambda text: Key(f"{before}{text}{after}")


def _of_two(name: str, holds: str, lives: int | str) -> Callable[[str, str], Key]:
    before, between, after = _cut(name, holds, lives)
    return lambda one, other: Key(f"{before}{one}{between}{other}{after}")


def _of_shard(name: str, holds: str, lives: int | str) -> Callable[[int], Key]:
    kind = _one(f"{{NN}}:{name}", holds, lives)
    return [Key(kind.replace("NN", f"{shard:02d}")) for shard in range(SHARDS)].__getitem__


def _of_person(name: str, holds: str, lives: int | str) -> Callable[[str], Key]:
    before, after = _cut(f"{{NN}}:{name}", holds, lives)
    starts = [before.replace("NN", f"{shard:02d}") for shard in range(SHARDS)]
    return lambda oid: Key(f"{starts[zlib.crc32(oid.encode()) % SHARDS]}{oid}{after}")


def _digest(text: str) -> str:
    """Bounded and free of braces, whatever comes from outside."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


EVER, USED, LEFT = "for ever", "while in use", "until disconnect"
_HOUR, _DAY = 3600, 86_400

# -- people (a person's hash and the index are described above) ------------------------------------

TOKEN_LEASE_TTL = 30
ADMITTED_TTL = 60
LOOK_TTL = 300
PROBE_TTL = 10
LOOK_UPS_TTL = 90 * _DAY
WOKEN_MS = 1000
INDEX_TTL = 30 * _DAY
"""Of an index key that is changing, or was left behind; otherwise it lives until disconnect."""

person = _of_person("p:<oid>", "engine state of somebody connected (hash)", LEFT)
link = _of_person("link:<oid>", "who they are (JSON, domain.link.Link)", LEFT)
tokens = _of_person("tok:<oid>", "generation and sealed Microsoft tokens", LEFT)
token_lease = _of_person("lease:<oid>", "who refreshes this person's tokens", TOKEN_LEASE_TTL)
admitted = _of_person("admitted:<oid>", "how often their chat wanted what costs", ADMITTED_TTL)
looked_up = _of_person("admitted:<oid>:others", "the same, of others, as an admin", ADMITTED_TTL)
look_ups = _of_person("lookups:<oid>", "they were looked up, so days have counts", LOOK_UPS_TTL)
_look_ups_of = _of_shard("lookups:<oid>:<day>", "hash: role -> times of a UTC day", LOOK_UPS_TTL)
LOOK_UPS_SINCE = _one("{lookups}:since", "when look-ups began to be counted (ms)", EVER)
look = _of_person("look:<oid>", "what Microsoft showed last, looked at for their chat", LOOK_TTL)
ANNOUNCED_TTL = 400 * _DAY
CALLED_OFF_TTL = _DAY
"""The same once their level leaves it to each person again."""
ANNOUNCED_WAVE_TTL = 900
ANNOUNCE_AGAIN_TTL = _DAY
COVERAGE_TTL = 7 * _DAY

announced = _of_person("announced:<oid>", "told that the organisation authorises it", ANNOUNCED_TTL)
_opt_out = _of_shard("optout:<mark>", "they said Not for me: Zoom's side of them (hashed)", EVER)
opt_out_of_zoom = _of("{optouts}:zoom:<hash>", "the Zoom user of somebody who did", EVER)
OPT_OUTS = _one("{optouts}:all", "hash: whoever did (hashed) -> shard, gone since when", EVER)
OPT_OUTS_READ = _one("{optouts}:read", "when it was last seen who of them is there (ms)", EVER)
ANNOUNCED_WAVE = _one("{coverage}:wave", "cards of this wave", ANNOUNCED_WAVE_TTL)
COVERAGE = _one("{coverage}:counts", "what the last round counted", COVERAGE_TTL)
OWN_KEPT_LEASE = _one("{coverage}:own:by", "who erases own authorisations", "2 min, renewed")
COVERAGE_LEASE = _one("{coverage}:by", "who makes the rounds", "2 min, renewed")
OPT_OUT_KEY = _one("{optouts}:key", "what these are hashed with, sealed", EVER)


def look_ups_of(object_id: str, day: int) -> Key:
    """The counts of a day (since the epoch), in the person's slot."""
    of_shard = _look_ups_of(shard_of(object_id))
    return Key(of_shard.replace("<oid>", object_id).replace("<day>", str(day)))


def opt_out(object_id: str, mark: str) -> Key:
    """In the person's slot, so that the script that makes a link can ask for it."""
    return opt_out_in(shard_of(object_id), mark)


def opt_out_in(shard: int, mark: str) -> Key:
    """The same, of somebody of whom no more is known than their shard."""
    return Key(_opt_out(shard).replace("<mark>", mark))


everybody = _of_shard("people", "set: the oid of everybody connected", USED)
parked = _of_shard("parked", "hash: oid -> since when, why (nothing is tried)", USED)
woken = _of_shard("woken", "the lane of which workers heard by WAKE", "1 s")
watched = _of_shard("watched", "zset: oid -> when Microsoft is next asked what it shows", USED)
probe = _of_shard("probe", "readiness asked: does Redis take writes?", PROBE_TTL)
_due = [
    _of_shard(f"due:{lane}", "zset: oid -> when due, or end of its lease (ms)", USED)
    for lane in range(LANES)
]
zoom_address = _of("{z:<hash>}:email", "Zoom address -> oid, and whose claim it is", LEFT)
zoom_id = _of("{z:<hash>}:id", "Zoom user id -> oid, and whose claim it is", LEFT)


def person_prefix(shard: int) -> Key:
    """What precedes the object id in the person keys of a shard."""
    return Key(f"pb:{{{shard:02d}}}:p:")


def dues(shard: int) -> tuple[Key, Key, Key, Key]:
    """The queues of a shard, by lane."""
    urgent, change, hold, fade = (due(shard) for due in _due)
    return urgent, change, hold, fade


# -- requests to Microsoft and Zoom -------------------------------------------------------------

ZOOM_TOKEN_LEASE_TTL = 10

QUOTA_CELLS = _one("{quota}:cells", "presence requests by 250 ms and lane (hash)", "the window")
QUOTA_PAUSE = _one("{quota}:pause", "Graph told the whole tenant to wait", "as Graph said")
ZOOM_NEXT = _one("{zoom}:next", "the next slot at Zoom that nobody has (ms)", "until it is past")
ZOOM_SLOTS = _one("{zoom}:slots", "zset: oid -> their slot in Zoom's queue", "the last, + 60 s")
LASTING_TTL = 21 * _DAY
lasting = _of("{lasting}:<week>", "hash: state and how long it lasted -> times", LASTING_TTL)
ZOOM_TOKEN = _one("{zoom}:token", "Zoom's access token, sealed, for all", "as Zoom said")
ZOOM_TOKEN_LEASE = _one("{zoom}:token:by", "who gets a new one", ZOOM_TOKEN_LEASE_TTL)

# -- what Microsoft shows of everybody, read back --------------------------------------------------

READBACK_TTL = _HOUR
ROUND, UNDER_WAY = 0.5, 0.25
"""What stands behind the milliseconds of a time at which somebody is looked at (see above)."""

READBACK = _one("{readback}:state", "how reading back is doing (hash)", READBACK_TTL)
READBACK_LEASE = _one("{readback}:by", "who reads back", "5 s, renewed")
READBACK_LOSS_LEASE = _one(
    "{readback}:loss:by", "who has people planned without it", "5 s, renewed"
)

# -- the chat -----------------------------------------------------------------------------------

REFERENCE_TTL = 400 * _DAY
APP_BACK_TTL = _DAY
"""Within this an app that was taken out to be replaced is back, or it counts as removed."""
CARD_TTL = 30 * _DAY
SEEN_TTL = 600
INVITED_TTL = 400 * _DAY
SIGN_IN_TTL = 600
SIGN_IN_TAKEN_TTL = 60
IDENTIFY_TTL = 600
"""A sign-in that only says who somebody is counts for so long."""
IDENTIFY_KEPT = 2 * IDENTIFY_TTL
IDENTIFY_BEGUN_TTL = 60
ROLE_TTL = 900
LIVE_SIGN_IN_TTL = 2 * SIGN_IN_TTL + SIGN_IN_TAKEN_TTL

reference = _of_person("ref:<oid>", "1:1 chat (hash: `where` JSON, `at` last news)", REFERENCE_TTL)
card = _of("card:<hash>", "activity id of the message that holds the card", CARD_TTL)
recipient = _of("recipient:<hash>", "the admin to whom a card of the settings was given", CARD_TTL)
welcomed = _of("welcomed:<oid>", "the person was welcomed", REFERENCE_TTL)
notice = _of_two("notice:<oid>:<what>", "a one-time notice was sent (`invited`)", REFERENCE_TTL)
left = _of("left:<oid>", "they disconnected on purpose: nobody invites them", INVITED_TTL)
met = _of("met:<oid>", "somebody who has the app (JSON, bot.invite.roster)", REFERENCE_TTL)
live_sign_in = _of_person("live:<oid>", "the attempt that may connect them", LIVE_SIGN_IN_TTL)
sign_in = _of("signin:<key>", "an attempt to connect (hash); lives on once it began", SIGN_IN_TTL)
sign_in_taken = _of("signin:<key>:by", "somebody finishes it", SIGN_IN_TAKEN_TTL)
identify = _of("identify:<hash>", "somebody says who they are (hash)", IDENTIFY_KEPT)
IDENTIFY_BEGUN = _one("{identify}:begun", "how many began without a link", IDENTIFY_BEGUN_TTL)
role = _of_person("role:<oid>", "a role that they proved by a sign-in", ROLE_TTL)
_seen = _of_shard("seen:<hash>", "an activity that was already answered", SEEN_TTL)


def seen(activity: str, object_id: str = "") -> Key:
    """An activity that was answered, where its person's own keys are."""
    return Key(_seen(shard_of(object_id)).replace("<hash>", _digest(activity)))


# -- jobs: rollouts and invitations ---------------------------------------------------------------

JOB_TTL = _DAY
INTENT_TTL = 60
MAILING_SHOWN_TTL = 600
CENSUS_TTL = _HOUR

jobs = _of("{<kind>}:open", "set: the jobs of a kind under way", JOB_TTL)
job = _of_two("{<kind>}:<id>", "a job (JSON); an intention lives for INTENT_TTL", JOB_TTL)
job_left = _of_two("{<kind>}:<id>:left", "set: who is left", JOB_TTL)
job_taken = _of_two("{<kind>}:<id>:by", "who works on it", "5 s, renewed")
job_again = _of_two("{<kind>}:<id>:again", "set: who is tried again", JOB_TTL)
job_tally = _of_two("{<kind>}:<id>:tally", "what came of it so far (hash)", JOB_TTL)
INVITATIONS_LEASE = _one("{invitations}:all:by", "who sends invitations", "30 s, renewed")
CENSUS = _one("{invitations}:census", "who has the app was looked through", CENSUS_TTL)

# -- ended authorisations, sealed rows, identities, departures, versions ------------------------

STORMS_TTL = 2 * _DAY
SEALING_TTL = _DAY
ENDED_TTL = _DAY
PURGED_TTL = _DAY

STORMS = _one("{notices}:storms", "ended alike for many (hash, sync.reconnect.store)", STORMS_TTL)
NOTICES_LEASE = _one("{notices}:all:by", "who notifies those whose ended", "30 s, renewed")
BUTTON_KEY = _one("{keys}:buttons", "the key that signs the buttons of cards, sealed", EVER)
SEALING = _one("{keys}:sealing", "hash: key's name / process -> when it last sealed", SEALING_TTL)
RESEALING_LEASE = _one("{keys}:reseal:by", "who moves all to the newest key", "1 min, renewed")
UNPROVEN_NEWS = _one("{unproven}:news", "oid -> what may be about them (JSON)", "found out, or 1 d")
PROVING_LEASE = _one("{unproven}:proving:by", "who finds that out", "10 s, renewed")
APP_REMOVED = _one("{departures}:removed", "zset: when the Zoom app was removed", "all have ended")
ended = _of("{departures}:ended:<hash>", "what ended a link, ahead of our clock", ENDED_TTL)
PURGED = _one("{departures}:purged", "who left was looked for", PURGED_TTL)
DEPARTURES_LEASE = _one("{departures}:purge:by", "who looks for them", "10 s, renewed")
DATA_CONTRACT = _one("{data}:contract", "data versions that rows may be of (hash)", EVER)
DATA_PROCESSES = _one(
    "{data}:processes", "zset: `<version> <name>` -> last seen (ms)", "1 d, renewed"
)

# -- the organisation's authorisation --------------------------------------------------------------

CONSENT_LINK_TTL = 7 * _DAY
CONSENT_TRY_TTL = _HOUR
CONSENT_TOLD_TTL = _DAY
UNDO_TTL = 30 * _DAY

CONSENT = _one("{organisation}:consent", "what it allows the app (hash, sync.organisation)", EVER)
EXCLUDED = _one("{organisation}:excluded", "hash: oid -> that an admin excluded them (JSON)", EVER)
EXCLUDED_CHANGES = _one("{organisation}:excluded:changes", "how often that was changed", EVER)
EXCLUDED_UNDO = _one("{organisation}:excluded:undo", "what the last file did (JSON)", UNDO_TTL)
CONSENT_LEASE = _one("{organisation}:consent:by", "who asks Microsoft about it", "30 s, renewed")

DIGESTS = _one("{digest}:all", "hash: oid -> an admin's morning digest (JSON)", "until turned off")
DIGESTS_LEASE = _one("{digest}:by", "who sends them", "2 min, renewed")
DIGEST_KNOWN_TTL = 14 * _DAY
digest_known = _of("{digest}:<oid>:known", "who it has counted, as codes", DIGEST_KNOWN_TTL)

CONSENT_LINK = _one("{organisation}:link", "the newest address to consent at", CONSENT_LINK_TTL)
consent_link = _of("consent:<key>", "an address to consent at (hash)", CONSENT_LINK_TTL)
consent_try = _of("consent:<key>:try", "a browser that went to Microsoft with it", CONSENT_TRY_TTL)
consent_told = _of("consent:told:<hash>", "news of it were told", CONSENT_TOLD_TTL)

# -- the directory --------------------------------------------------------------------------------

STAGED_TTL = _HOUR
OLD_READING_TTL = 600
DIRECTORY_PARTS = ("users", "addresses", "groups", "members")

DIRECTORY_CURRENT = _one("{dir}:current", "the reading of Zoom's directory that counts", EVER)
DIRECTORY_STATE = _one("{dir}:state", "how the directory is doing (hash)", EVER)
DIRECTORY_LEASE = _one("{dir}:lease", "who reads Zoom's directory", "2 min, renewed")
DIRECTORY_CHANGES = _one("{dir}:changes", "zoom id -> memberships changed", "until passed on")
directory_part = _of_two("{dir}:<reading>:<part>", "a hash of a reading", "current, + 10 min")
"""One of DIRECTORY_PARTS of a reading, or its staged `changes`."""


def directory_parts(reading: str) -> tuple[Key, Key, Key, Key]:
    """All DIRECTORY_PARTS of a reading."""
    users, addresses, groups, members = (directory_part(reading, p) for p in DIRECTORY_PARTS)
    return users, addresses, groups, members


# -- matching Zoom's users to Entra's -------------------------------------------------------------

MATCHES_PARTS = ("zoom", "people")

MATCHES_CURRENT = _one("{match}:current", "the matching that counts", EVER)
MATCHES_STATE = _one("{match}:state", "how the matching is doing (hash)", EVER)
MATCHES_LEASE = _one("{match}:lease", "who matches", "2 min, renewed")
matches_part = _of_two("{match}:<reading>:<part>", "a hash of a matching", "current, + 10 min")
"""One of MATCHES_PARTS of a matching."""
ALIASES = _one("{match}:aliases", "hash: mail domain -> the domain it became (JSON)", EVER)
BY_HAND = _one("{match}:by-hand", "hash: oid -> the Zoom user given by hand (JSON)", EVER)
UNDO = _one("{match}:undo", "what the last file of mappings replaced (JSON)", UNDO_TTL)


def matches_parts(reading: str) -> tuple[Key, Key]:
    """All MATCHES_PARTS of a matching."""
    zoom, people = (matches_part(reading, part) for part in MATCHES_PARTS)
    return zoom, people


# -- the settings, their history, and Zoom's feed -------------------------------------------------

AUDIT_KEPT = 100_000
"""Entries, about: some 50 MB at most, and years of an organisation's changes."""
_KEPT = 50_000

SETTINGS = _one("{settings}:form", "version, account form, managed groups (hash)", EVER)
AUDIT = _one("{settings}:audit", "stream: who changed which setting", "the newest AUDIT_KEPT")
_ACTS = _one("{settings}:acts", "stream: who invited people or had them tried again", "the newest")
_LOOKS = _one("{settings}:looks", "stream: who looked up whom", "the newest")
ACTS, LOOKS = (_ACTS, _KEPT, 1_000_000), (_LOOKS, _KEPT, 2_000_000)
"""What changes no settings: where, how many entries are kept (about), and where their numbers
within a millisecond begin, so that no two entries have the same id."""
FEED_STATE = _one("{feed}:state", "what was heard of Zoom's events (hash)", EVER)
FEED_PATTERN = _one("{feed}:pattern", "hour of the week -> usual deliveries (hash)", EVER)
FEED_LEFT = _one("{feed}:left", "zset: whom Zoom is still to be asked about", "until done, 1 d")
SWEEP_LEASE = _one("{feed}:sweep:by", "who has people asked about", "10 s, renewed")

"""Every Redis key: its name, what it holds, and how long it lives.

    key                          holds                                              lives
    ---------------------------  -------------------------------------------------  ---------------
    pb:{NN}:p:<oid>              a connected person's engine state (hash, below)    until disconnect
    pb:{NN}:link:<oid>           who they are (JSON, domain.link.Link)              until disconnect
    pb:{NN}:tok:<oid>            generation and sealed Microsoft tokens             until disconnect
    pb:{NN}:due:<lane>           zset: oid -> when due, or end of its lease (ms)    while in use
    pb:{NN}:people               set: the oid of everybody connected                while in use
    pb:{NN}:parked               hash: oid -> since when, why (nothing is tried)    while in use
    pb:{NN}:woken                the lane of which workers were told by pb:wake     1 s
    pb:{NN}:lease:<oid>          one process refreshes this person's tokens         30 s
    pb:{NN}:admitted:<oid>       how often their chat wanted what costs             1 min
                                 requests to Microsoft; :others as an admin, of
                                 other people
    pb:{NN}:look:<oid>           what Microsoft showed when it was last looked at   5 min, or until
                                 for their chat (JSON)                              disconnect
    pb:{NN}:probe                readiness was asked: does Redis take writes?       10 s
    pb:{z:<hash>}:<kind>         Zoom address or id -> oid, and whose claim it is   until disconnect
                                 (with a TTL: it is changing, or was left behind)   (30 d)
    pb:{quota}:cells             presence requests by 250 ms and lane (quota.lua)   the window
    pb:{quota}:pause             Graph told the whole tenant to wait                as Graph said
    pb:{zoom}:next               the next slot at Zoom that nobody has (ms)         until it is past
    pb:{zoom}:slots              zset: oid -> their slot in Zoom's request queue    the last, + 60 s
    pb:{zoom}:token              Zoom's access token, sealed, for all processes     as Zoom said
    pb:{zoom}:token:by           one process gets a new one                         10 s
    pb:ref:<oid>                 the person's 1:1 conversation (hash: `where` JSON, 400 d, renewed;
                                 `at` when its last news was sent)                  1 d once the app
                                                                                    is taken out
    pb:card:<card id>            activity id of the message that holds the card     30 d
    pb:asker:<card id>           the admin whom a card of the settings asks         30 d
    pb:welcomed:<oid>            the person was welcomed                            400 d, renewed
    pb:told:<oid>:<what>         a one-time notice was sent: `invited` (by which    400 d
                                 mailing) outlives the app's removal
    pb:left:<oid>                they disconnected on purpose: nobody invites them  400 d, or until
                                                                                    they connect
    pb:met:<oid>                 somebody who has the app: channel's id, addresses  400 d, renewed
                                 (JSON, bot.invite.roster_store); not after its removal
    pb:{NN}:live:<oid>           the attempt that may connect this person           21 min
    pb:signin:<hash>             an attempt to connect (hash, bot.sign_in.store); 10 min, and 10
                                 :by somebody finishes it (1 min)                   once it began
    pb:seen:<hash>               an activity that was already answered              10 min
    pb:{rollouts}:open           set: the rollouts under way                        while used, 1 d
    pb:{rollouts}:<id>           a rollout (JSON); :left who is left, :by who       until done (1 d)
                                 works on it; first of all an intention             (1 min)
    pb:{invitations}:...         mailings of invitations likewise; :again who is    until done (1 d)
                                 tried again, :tally what came of it (hash); the    + 10 min
                                 row shows the end
    pb:{invitations}:all:by      who sends invitations                              30 s, renewed
    pb:{invitations}:census      who has the app was looked through                 1 h
    pb:{notices}:storms          authorisations that ended alike for many (hash,    2 d, renewed
                                 sync.reconnect.store)
    pb:{notices}:all:by          who tells people that theirs ended                 30 s, renewed
    pb:{data}:contract           from which to which data version rows may be       for ever
                                 (hash, sync.upgrade.data_version)
    pb:{data}:processes          zset: `<data version> <name>` of a process that    1 d, renewed
                                 runs -> when it last said so (ms)
    pb:{keys}:buttons            the key that signs the buttons of cards, sealed    for ever
    pb:{keys}:sealing            hash: a name of an encryption key, with that of a  1 d, renewed
                                 process that runs -> when it last sealed (ms)
    pb:{keys}:reseal:by          who moves what is sealed to the newest key         1 min, renewed
    pb:{unproven}:news           oid -> what waits for it to be found out whether   until found out
                                 it is about them (JSON, sync.engine.unproven)       (1 d)
    pb:{unproven}:proving:by     who finds out                                      10 s, renewed
    pb:{departures}:removed      zset: one member, when the Zoom app was removed:   until all have
                                 links from before it end                           been told to
    pb:{departures}:ended:<hash> what ended a link and was ahead of our clock       1 d
    pb:{departures}:purged       who left was looked for                            1 d
    pb:{departures}:purge:by     by whom                                            10 s, renewed
    pb:wake                      channel: a shard number whose queue has changed
    pb:{dir}:current             the reading of Zoom's directory that counts        for ever
    pb:{dir}:state               how the directory is doing (hash, below)           for ever
    pb:{dir}:lease               one process reads Zoom's directory                 2 min, renewed
    pb:{dir}:changes             zoom id -> memberships changed, not passed on yet  until passed on
    pb:{dir}:<reading>:<part>    users, addresses, groups, members (hashes)         current + 10 min
    pb:{settings}:form           version, account form, managed groups (hash)       for ever
    pb:{settings}:audit          stream: who changed which setting                  newest 100,000
    pb:{settings}:acts           stream: who invited people or had them tried again newest 50,000
    pb:{settings}:looks          stream: who looked up whom                         newest 50,000
    pb:settings                  channel: the new version of the settings
    pb:erased                    channel: something of a person was erased (told to
                                 whoever has the file of an embedded Redis rewritten)
    pb:{feed}:state              what was heard of Zoom's events (hash, below)      for ever
    pb:{feed}:pattern            hour of the week -> usual deliveries (hash)        for ever
    pb:{feed}:left               zset: whom Zoom is still to be asked about         until done (1 d)
    pb:{feed}:sweep:by           who watches the feed and has people asked about    10 s, renewed

`{NN}` is the person's shard, a hash tag: all keys of one person are in one cluster slot, so that
one script can change them together.

Fields of the person hash: `gen` generation of the link, `ver` version of the demand, `obs` and
`obs_at` Zoom's newest state and its time, `got` when it reached us, `answered` the `got` that was
acted on, `held`, `told`, `until` our session at Microsoft, `unsure` that this is an attempt, whose
answer was not heard or was no, and what was accepted before it (domain.held), `pref`, `pref_told`,
`pref_until`, `pref_unsure` the same for the preferred status, `yielded` the `obs_at` for which the
person's own status was met, `test` end of a running test, `met` the first meeting was told, `zoom`
and `groups` Zoom id and group ids, `addr` their addresses, `proved` when the link was last
compared with both sides, `style` and `paused` the person's own choices, `need` the
policy that must be carried out for them and `pol` the one that was, `wrote` when Microsoft last
accepted a write, `tries` failures in a row, `trouble`, `code` and `trouble_at` what ails them
(domain.errors.Trouble), what was answered, and since when, `failed` and `failed_at` what failed
last, also when it is over, `notified` how far notifying them of it is (domain.storms.Notified),
`wait` not before, `leaving` the person asked to be forgotten, `gone` since when their app is taken
out, perhaps to be replaced, `lane` the lane they stand in, `lease` and `lease_end` who works on
them. Times are epoch milliseconds of the Redis server's clock.

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

Fields of the settings: `version`, `account` (a form), `group:<Zoom group id>` (name, priority and
form); JSON of sync.settings.rows.
"""

from __future__ import annotations

import hashlib
import zlib
from typing import NewType

Key = NewType("Key", str)
"""A key of Redis, or what several of one slot begin with."""

SHARDS = 8
"""Fixed: changing it would lose people. Enough to spread over a cluster."""

LANES = 4
WAKE = "pb:wake"
QUOTA_CELLS = Key("pb:{quota}:cells")
QUOTA_PAUSE = Key("pb:{quota}:pause")
ZOOM_NEXT = Key("pb:{zoom}:next")
ZOOM_SLOTS = Key("pb:{zoom}:slots")
ZOOM_TOKEN = Key("pb:{zoom}:token")
ZOOM_TOKEN_LEASE = Key(f"{ZOOM_TOKEN}:by")

SIGN_IN_TTL = 600
SIGN_IN_TAKEN_TTL = 60
LIVE_SIGN_IN_TTL = 2 * SIGN_IN_TTL + SIGN_IN_TAKEN_TTL
SEEN_TTL = 600
CARD_TTL = 30 * 86_400
REFERENCE_TTL = 400 * 86_400
APP_BACK_TTL = 86_400
"""Within this an app that was taken out to be replaced is back, or it counts as removed."""
TOKEN_LEASE_TTL = 30
ZOOM_TOKEN_LEASE_TTL = 10
INDEX_TTL = 30 * 86_400
PROBE_TTL = 10
WOKEN_MS = 1000
ADMITTED_TTL = 60
LOOK_TTL = 300
JOB_TTL = 86_400
MAILING_SHOWN_TTL = 600
CENSUS_TTL = 3600
INVITED_TTL = 400 * 86_400
INTENT_TTL = 60
ENDED_TTL = 86_400
PURGED_TTL = 86_400
STORMS_TTL = 2 * 86_400
STAGED_TTL = 3600
OLD_READING_TTL = 600
AUDIT_KEPT = 100_000
"""Entries, about: some 50 MB at most, and years of an organisation's changes."""

DATA_CONTRACT = Key("pb:{data}:contract")
DATA_PROCESSES = Key("pb:{data}:processes")
BUTTON_KEY = Key("pb:{keys}:buttons")
SEALING = Key("pb:{keys}:sealing")
SEALING_TTL = 86_400
PURGED = Key("pb:{departures}:purged")
CENSUS = Key("pb:{invitations}:census")
UNPROVEN = "unproven"
UNPROVEN_NEWS = Key("pb:{unproven}:news")
DEPARTURES = "departures"
APP_REMOVED = Key("pb:{departures}:removed")
STORMS = Key("pb:{notices}:storms")
DIRECTORY_CURRENT = Key("pb:{dir}:current")
DIRECTORY_STATE = Key("pb:{dir}:state")
DIRECTORY_LEASE = Key("pb:{dir}:lease")
DIRECTORY_CHANGES = Key("pb:{dir}:changes")
DIRECTORY_PARTS = ("users", "addresses", "groups", "members")
SETTINGS = Key("pb:{settings}:form")
AUDIT = Key("pb:{settings}:audit")
ACTS = (Key("pb:{settings}:acts"), 50_000, 1_000_000)
LOOKS = (Key("pb:{settings}:looks"), 50_000, 2_000_000)
"""What changes no settings: where, how many entries are kept (about), and where their numbers
within a millisecond begin, so that no two entries have the same id."""
SETTINGS_CHANGED = "pb:settings"
ERASED = "pb:erased"
FEED = "feed"
FEED_STATE = Key("pb:{feed}:state")
FEED_PATTERN = Key("pb:{feed}:pattern")
FEED_LEFT = Key("pb:{feed}:left")


def shard_of(object_id: str) -> int:
    """The shard of a person."""
    return zlib.crc32(object_id.encode()) % SHARDS


def _tag(shard: int) -> str:
    return f"pb:{{{shard:02d}}}"


def person(object_id: str) -> Key:
    """Engine state of a person."""
    return Key(f"{_tag(shard_of(object_id))}:p:{object_id}")


def person_prefix(shard: int) -> Key:
    """What precedes the object id in the person keys of a shard."""
    return Key(f"{_tag(shard)}:p:")


def link(object_id: str) -> Key:
    """Link of a person."""
    return Key(f"{_tag(shard_of(object_id))}:link:{object_id}")


def tokens(object_id: str) -> Key:
    """Sealed tokens of a person."""
    return Key(f"{_tag(shard_of(object_id))}:tok:{object_id}")


def admitted(object_id: str, *, of_others: bool = False) -> Key:
    """How often somebody's chat has wanted what costs requests within a minute."""
    tail = ":others" if of_others else ""
    return Key(f"{_tag(shard_of(object_id))}:admitted:{object_id}{tail}")


def look(object_id: str) -> Key:
    """What Microsoft showed of a person last."""
    return Key(f"{_tag(shard_of(object_id))}:look:{object_id}")


def probe(shard: int) -> Key:
    """What readiness writes where a shard's people are."""
    return Key(f"{_tag(shard)}:probe")


def token_lease(object_id: str) -> Key:
    """Lease for refreshing a person's tokens."""
    return Key(f"{_tag(shard_of(object_id))}:lease:{object_id}")


def dues(shard: int) -> tuple[Key, Key, Key, Key]:
    """The queues of a shard, by lane."""
    urgent, change, hold, fade = (Key(f"{_tag(shard)}:due:{lane}") for lane in range(LANES))
    return urgent, change, hold, fade


def everybody(shard: int) -> Key:
    """The connected people of a shard."""
    return Key(f"{_tag(shard)}:people")


def parked(shard: int) -> Key:
    """The people of a shard for whom nothing is tried any more."""
    return Key(f"{_tag(shard)}:parked")


def woken(shard: int) -> Key:
    """The lane of a shard of which workers were told that somebody became due."""
    return Key(f"{_tag(shard)}:woken")


def zoom_address(address: str) -> Key:
    """Index of a folded e-mail address."""
    return Key(f"pb:{{z:{_digest(address)}}}:email")


def zoom_id(zoom_user_id: str) -> Key:
    """Index of a Zoom user id."""
    return Key(f"pb:{{z:{_digest(zoom_user_id)}}}:id")


def directory_part(reading: str, part: str) -> Key:
    """One of DIRECTORY_PARTS of a reading, or its staged `changes`."""
    return Key(f"pb:{{dir}}:{reading}:{part}")


def directory_parts(reading: str) -> tuple[Key, Key, Key, Key]:
    """All DIRECTORY_PARTS of a reading."""
    users, addresses, groups, members = (directory_part(reading, p) for p in DIRECTORY_PARTS)
    return users, addresses, groups, members


def reference(object_id: str) -> Key:
    """A person's 1:1 conversation."""
    return Key(f"pb:ref:{object_id}")


def card(card_id: str) -> Key:
    """The message that holds a card."""
    return Key(f"pb:card:{_digest(card_id)}")


def asker(card_id: str) -> Key:
    """Whom a card of the settings asks."""
    return Key(f"pb:asker:{_digest(card_id)}")


def welcomed(object_id: str) -> Key:
    """Whether the person was welcomed."""
    return Key(f"pb:welcomed:{object_id}")


def notice(object_id: str, what: str) -> Key:
    """A one-time notice to a person."""
    return Key(f"pb:told:{object_id}:{what}")


def left(object_id: str) -> Key:
    """Whether somebody disconnected on purpose."""
    return Key(f"pb:left:{object_id}")


def sign_in(key: str) -> Key:
    """An attempt to connect."""
    return Key(f"pb:signin:{key}")


def sign_in_taken(key: str) -> Key:
    """Whether somebody is finishing an attempt."""
    return Key(f"pb:signin:{key}:by")


def live_sign_in(object_id: str) -> Key:
    """Which attempt may connect a person."""
    return Key(f"{_tag(shard_of(object_id))}:live:{object_id}")


def seen(activity: str) -> Key:
    """An activity that was already answered."""
    return Key(f"pb:seen:{_digest(activity)}")


def met(object_id: str) -> Key:
    """Somebody who has the app."""
    return Key(f"pb:met:{object_id}")


def met_prefix() -> Key:
    """What precedes the object id in the rows of those who have the app."""
    return met("")


def ended(news: str) -> Key:
    """Something that ended a link, and must not do so again."""
    return Key(f"pb:{{{DEPARTURES}}}:ended:{_digest(news)}")


def jobs(kind: str) -> Key:
    """The jobs of a kind that are under way."""
    return Key(f"pb:{{{kind}}}:open")


def job(kind: str, job_id: str) -> Key:
    """A job."""
    return Key(f"pb:{{{kind}}}:{job_id}")


def job_left(kind: str, job_id: str) -> Key:
    """Who is left in a job."""
    return Key(f"pb:{{{kind}}}:{job_id}:left")


def job_taken(kind: str, job_id: str) -> Key:
    """Which process works on a job."""
    return Key(f"pb:{{{kind}}}:{job_id}:by")


def job_again(kind: str, job_id: str) -> Key:
    """Who is to be tried again in a job."""
    return Key(f"pb:{{{kind}}}:{job_id}:again")


def job_tally(kind: str, job_id: str) -> Key:
    """What came of a job so far."""
    return Key(f"pb:{{{kind}}}:{job_id}:tally")


def _digest(text: str) -> str:
    """Bounded and free of braces, whatever comes from outside."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]

"""Every column of the schema and what it is to a listener. A test holds this against the migrated database.

Lifetimes are those of live rows. A deleted row's bytes stay in its page until VACUUM has cleared it and the room is
used again, and in the write-ahead log until that segment is recycled; only the UNLOGGED tables are exempt from that.
"""

from collections.abc import Mapping
from typing import Final

from server.audit.facts import Fact, Kind

_FOR_GOOD: Final = "no limit"
_LOG: Final = "as long as its month is in the log: no limit, unless `[retention] log_months` sets one"
_OPEN_DAY: Final = "until its day is closed: at the latest a day after its end, while the service runs"

_KEY: Final = Fact(Kind.TEXT, "a key of the site, as its pages and events name it", "as its row", "whose figure it is")
_KIND: Final = Fact(Kind.NOTHING, "track, release or site")
_SLOT: Final = Fact(Kind.NOTHING, "which of several rows for one figure")
_SUM: Final = Fact(Kind.COUNT, "a sum over all listeners", _FOR_GOOD, "the figures")
_DAILY: Final = "no limit, unless `[retention] daily_months` sets one"
_DAY_SUM: Final = Fact(Kind.COUNT, "a sum over all listeners, per day", _DAILY, "the charts")
_LOG_DAY: Final = Fact(Kind.TIME, "the site's day", _LOG, "partitions, charts")
_HOUR: Final = Fact(
    Kind.TIME, "the hour, never the minute", _LOG, "a flood is found and taken back by the hour (`tonearm void`)"
)
_IMPORT: Final = "until `tonearm import undo`"
_ONCE: Final = "the same file counts once"
_BALANCE: Final = Fact(
    Kind.COUNT,
    "a sum over all listeners, counted elsewhere or in a month that has left the log",
    "until `tonearm import undo`; of a month that has left the log no limit",
    "the figures",
)
_TITLE: Final = Fact(Kind.TEXT, "what the operator loaded", "until the catalog is changed", "the catalog")

DATABASE: Final[Mapping[tuple[str, str], Fact]] = {
    ("access_token", "digest"): Fact(
        Kind.NOTHING, "SHA-256 of an API token or share link, which is 192 random bits or more"
    ),
    ("access_token", "kind"): Fact(Kind.NOTHING, "api or share"),
    ("access_token", "name"): Fact(
        Kind.TEXT, "what the operator calls a token or share link", "until it is revoked", "to list and revoke them"
    ),
    ("access_token", "scopes"): Fact(Kind.NOTHING, "what it opens"),
    ("access_token", "made_at"): Fact(Kind.NOTHING, "when the operator made it"),
    ("alert", "alert_id"): Fact(
        Kind.TEXT, "what an alert is about: a milestone or a week", "30 days", "it is told once"
    ),
    ("alert", "way"): Fact(Kind.NOTHING, "how it is told"),
    ("alert", "body"): Fact(
        Kind.TEXT,
        "titles, keys and sums over all listeners, as they are sent",
        "30 days after it is delivered or given up",
        "an alert that cannot be delivered is tried again",
    ),
    ("alert", "made_at"): Fact(Kind.NOTHING, "when the alert was made"),
    ("alert", "attempts"): Fact(Kind.NOTHING, "how often it was tried"),
    ("alert", "next_at"): Fact(Kind.NOTHING, "when it is tried again"),
    ("alert", "settled_at"): Fact(Kind.NOTHING, "when it was delivered or given up"),
    ("alert", "outcome"): Fact(Kind.TEXT, "what the receiver answered", "as the alert", "the operator can mend it"),
    ("alert_state", "one"): Fact(Kind.NOTHING, "keeps the table at one row"),
    ("alert_state", "looking_for"): Fact(Kind.NOTHING, "which milestones are configured"),
    ("alert_state", "looked_at"): Fact(Kind.NOTHING, "when milestones were last looked for"),
    ("alert_state", "digest_week"): Fact(Kind.NOTHING, "which week was last told"),
    ("alias", "alias_key"): Fact(
        Kind.TEXT, "another key of a track or release", _FOR_GOOD, "a renamed key is counted where it was"
    ),
    ("alias", "target_kind"): _KIND,
    ("alias", "target_key"): _KEY,
    ("alias", "current"): Fact(Kind.NOTHING, "whether it is the one in use"),
    ("audit", "at"): Fact(Kind.NOTHING, "when an operator did something"),
    ("audit", "act"): Fact(Kind.NOTHING, "what an operator did"),
    ("audit", "detail"): Fact(Kind.TEXT, "what, how many, and the operator's reason", _FOR_GOOD, "accountability"),
    ("canary", "sender"): Fact(Kind.NOTHING, "which process of the service sends events to itself"),
    ("canary", "nonce"): Fact(Kind.NOTHING, "16 random bytes: which of its events was counted last"),
    ("canary", "day"): Fact(Kind.NOTHING, "the day it was"),
    ("catalog_version", "one"): Fact(Kind.NOTHING, "keeps the table at one row"),
    ("catalog_version", "version"): Fact(Kind.NOTHING, "how often the catalog has changed"),
    ("daily_salt", "day"): Fact(Kind.TIME, "the salt's day", "as the salt", "a salt never serves another day"),
    ("daily_salt", "generation"): Fact(Kind.NOTHING, "which of the day's salts it is"),
    ("daily_salt", "sealed"): Fact(
        Kind.SALT,
        "today's salt, sealed with AES-256-GCM under the installation's secret",
        "until midnight of the site's time zone, or `tonearm salt rotate`; while the service is stopped or the "
        "database away, until they are back",
        "all processes make the same tokens. UNLOGGED, never analysed: in no write-ahead log, replica or base backup",
    ),
    ("daily_salt", "made_at"): Fact(Kind.TIME, "when the salt was made", "as the salt", "`tonearm salt status`"),
    ("day_counter", "target_key"): _KEY,
    ("day_counter", "target_kind"): _KIND,
    ("day_counter", "day"): Fact(Kind.TIME, "the site's day", _DAILY, "the charts"),
    ("day_counter", "slot"): _SLOT,
    ("day_counter", "partial"): _DAY_SUM,
    ("day_counter", "sampled"): _DAY_SUM,
    ("day_counter", "complete"): _DAY_SUM,
    ("day_counter", "shares_link"): _DAY_SUM,
    ("day_counter", "shares_embed"): _DAY_SUM,
    ("day_counter", "via_link"): _DAY_SUM,
    ("day_counter", "via_embed"): _DAY_SUM,
    ("ended_session", "digest"): Fact(Kind.NOTHING, "SHA-256 of the cookie of an operator who signed out"),
    ("ended_session", "until"): Fact(Kind.NOTHING, "when that session would have ended by itself, and the row goes"),
    ("day_counter", "unbucketed"): _DAY_SUM,
    ("dropped_month", "month"): Fact(
        Kind.TIME, "a month that has left the log", _FOR_GOOD, "what the log lacks is known"
    ),
    ("dropped_month", "plays"): _SUM,
    ("dropped_month", "shares"): _SUM,
    ("dropped_month", "dropped_at"): Fact(Kind.NOTHING, "when it left the log"),
    ("event_id", "target_key"): _KEY,
    ("event_id", "event_id"): Fact(
        Kind.EVENT,
        "16 bytes of HMAC-SHA-256 of an event's own random id, which has nothing to do with a listener",
        "nine days",
        "an event that a client sends twice counts once",
    ),
    ("event_id", "day"): Fact(Kind.TIME, "the site's day", "nine days", "when the id goes"),
    ("forgotten", "tag"): Fact(
        Kind.TOMBSTONE,
        "16 bytes of HMAC-SHA-256, keyed by what the listener's id was made into",
        "two days, and until the housekeeper's next round",
        "events of a listener who asked to be forgotten may still wait in a spool, which is waited for so long; they "
        "keep no pseudonym",
    ),
    ("forgotten", "until"): Fact(
        Kind.TIME, "two days after the listener asked", "as the tombstone", "when the tombstone goes"
    ),
    ("import", "number"): Fact(Kind.NOTHING, "which import it is"),
    ("import", "name"): Fact(Kind.TEXT, "the operator's name for an import, or its content's hash", _IMPORT, _ONCE),
    ("import", "content"): Fact(Kind.NOTHING, "SHA-256 of the imported file: the same file counts once"),
    ("import", "format"): Fact(Kind.NOTHING, "what kind of file it was"),
    ("import", "made_at"): Fact(Kind.NOTHING, "when it was imported"),
    ("import", "first_day"): Fact(Kind.TIME, "the first day it has figures of", _IMPORT, "it can be taken back"),
    ("import", "last_day"): Fact(Kind.TIME, "the last such day", _IMPORT, "it can be taken back"),
    ("import", "plays"): Fact(Kind.COUNT, "how many plays it brought", _IMPORT, "the list of imports"),
    ("import", "shares"): Fact(Kind.COUNT, "how many shares it brought", _IMPORT, "the list of imports"),
    ("import", "listeners"): Fact(Kind.COUNT, "how many pseudonyms it brought", _IMPORT, "the list of imports"),
    ("listener", "target_key"): _KEY,
    ("listener", "target_kind"): _KIND,
    ("listener", "pseudonym"): Fact(
        Kind.PSEUDONYM,
        "16 bytes of HMAC-SHA-256 per listener and target, unrelated between two targets without the pseudonym key",
        "until the listener opts out, or no limit",
        "distinct listeners, all-time and exact (option A)",
    ),
    ("listener", "came"): Fact(
        Kind.TIME,
        "the hour of the listener's first play of the track; of releases and the site nothing",
        "three days, at most a day longer",
        "a flood is taken back together with its listeners (`tonearm void`)",
    ),
    ("listener_count", "target_key"): _KEY,
    ("listener_count", "target_kind"): _KIND,
    ("listener_count", "day"): Fact(Kind.TIME, "the site's day", _DAILY, "listeners per day"),
    ("listener_count", "generation"): Fact(Kind.NOTHING, "which of the day's salts was in force"),
    ("listener_count", "slot"): _SLOT,
    ("listener_count", "listeners"): Fact(
        Kind.COUNT, "how many tokens a target had on a day", _DAILY, "what stays of the tokens"
    ),
    ("listener_day", "target_key"): _KEY,
    ("listener_day", "target_kind"): _KIND,
    ("listener_day", "day"): Fact(Kind.TIME, "the site's day", _OPEN_DAY, "tokens of two days have nothing in common"),
    ("listener_day", "token"): Fact(
        Kind.TOKEN,
        "16 bytes of HMAC-SHA-256 per listener, target and day, made with the day's salt",
        _OPEN_DAY,
        "distinct listeners of the day (option B). UNLOGGED and never analysed, as the salt",
    ),
    ("listener_generation", "one"): Fact(Kind.NOTHING, "keeps the table at one row"),
    ("listener_generation", "generation"): Fact(Kind.NOTHING, "how often rows were taken out of the listener sets"),
    ("listener_generation", "anew_generation"): Fact(
        Kind.NOTHING, "which of these numbers the sets were written anew at"
    ),
    ("listener_generation", "anew_on"): Fact(Kind.NOTHING, "the day the sets were last written anew"),
    ("listener_generation", "compact"): Fact(Kind.NOTHING, "whether what that replaced is gone from the files"),
    ("operator", "one"): Fact(Kind.NOTHING, "keeps the table at one row"),
    ("operator", "password_hash"): Fact(Kind.NOTHING, "scrypt of the operator's password"),
    ("operator", "session_salt"): Fact(Kind.NOTHING, "32 random bytes that go into the operator's session keys"),
    ("opening_balance", "import_number"): Fact(
        Kind.NOTHING, "which import it came with, or that it is of months that have left the log"
    ),
    ("opening_balance", "target_key"): _KEY,
    ("opening_balance", "target_kind"): _KIND,
    ("opening_balance", "day"): Fact(
        Kind.TIME, "the site's day; none where it is not known or no longer kept", _DAILY, "the charts"
    ),
    ("opening_balance", "partial"): _BALANCE,
    ("opening_balance", "sampled"): _BALANCE,
    ("opening_balance", "complete"): _BALANCE,
    ("opening_balance", "unbucketed"): _BALANCE,
    ("opening_balance", "shares_link"): _BALANCE,
    ("opening_balance", "shares_embed"): _BALANCE,
    ("opening_balance", "via_link"): _BALANCE,
    ("opening_balance", "via_embed"): _BALANCE,
    ("listener_generation", "renames"): Fact(Kind.NOTHING, "how often a key was renamed"),
    ("milestone", "target_key"): _KEY,
    ("milestone", "target_kind"): _KIND,
    ("milestone", "plays"): Fact(Kind.COUNT, "a sum over all listeners", _FOR_GOOD, "a milestone is told once"),
    ("play_counter", "target_key"): _KEY,
    ("play_counter", "target_kind"): _KIND,
    ("play_counter", "slot"): _SLOT,
    ("play_counter", "partial"): _SUM,
    ("play_counter", "sampled"): _SUM,
    ("play_counter", "complete"): _SUM,
    ("play_counter", "shares_link"): _SUM,
    ("play_counter", "shares_embed"): _SUM,
    ("play_counter", "via_link"): _SUM,
    ("play_counter", "via_embed"): _SUM,
    ("play_counter", "unbucketed"): _SUM,
    ("play_counter", "listeners"): Fact(Kind.COUNT, "how many pseudonyms a target has", _FOR_GOOD, "the figures"),
    ("play_event", "created_at"): _HOUR,
    ("play_event", "day"): _LOG_DAY,
    ("play_event", "rule_version"): Fact(Kind.NOTHING, "which version of the play rule applied"),
    ("play_event", "track_key"): Fact(Kind.TEXT, "what was played", _LOG, "counters are checked against the log"),
    ("play_event", "release_key"): Fact(Kind.TEXT, "the track's release", _LOG, "counters are checked against the log"),
    ("play_event", "bucket"): Fact(
        Kind.EVENT, "how far it was played: partial, sampled, complete", _LOG, "the figures"
    ),
    ("play_event", "via"): Fact(
        Kind.EVENT,
        "whether it came by a copied link or embed, from a marker that is the same for everybody",
        _LOG,
        "plays that shares brought",
    ),
    ("play_event", "import_number"): Fact(Kind.NOTHING, "which import it came with; none for what was counted here"),
    ("release", "release_key"): _TITLE,
    ("release", "title"): _TITLE,
    ("release", "medium"): _TITLE,
    ("schema_migration", "number"): Fact(Kind.NOTHING, "which migrations were applied"),
    ("schema_migration", "name"): Fact(Kind.NOTHING, "which migrations were applied"),
    ("schema_migration", "applied_at"): Fact(Kind.NOTHING, "when"),
    ("sealed_key", "purpose"): Fact(Kind.NOTHING, "what the key is for"),
    ("sealed_key", "sealed"): Fact(
        Kind.KEY,
        "the pseudonym key, sealed with AES-256-GCM under the installation's secret",
        "until `tonearm privacy new-key`, which starts the listener counts again",
        "the same listener has the same pseudonym tomorrow; without the secret it opens nothing",
    ),
    ("share_event", "created_at"): _HOUR,
    ("share_event", "day"): _LOG_DAY,
    ("share_event", "target_kind"): _KIND,
    ("share_event", "target_key"): Fact(Kind.TEXT, "what was copied", _LOG, "counters are checked against the log"),
    ("share_event", "channel"): Fact(Kind.EVENT, "link or embed", _LOG, "the figures; a share carries no listener"),
    ("share_event", "import_number"): Fact(Kind.NOTHING, "which import it came with; none for what was counted here"),
    ("spool_cursor", "spool_id"): Fact(Kind.NOTHING, "a spool file's random name", is_uuid=True),
    ("spool_cursor", "seq"): Fact(Kind.NOTHING, "how far the spool is counted"),
    ("spool_cursor", "slot"): _SLOT,
    ("spool_cursor", "day"): Fact(Kind.NOTHING, "the last day on which the spool accepted something"),
    ("token_day", "day"): Fact(Kind.NOTHING, "a day on which tokens were made"),
    ("token_day", "generation"): Fact(Kind.NOTHING, "how many salts the day had"),
    ("token_day", "partial"): Fact(Kind.NOTHING, "whether its figures miss a part of the day"),
    ("token_day", "closed"): Fact(Kind.NOTHING, "whether its tokens are dropped"),
    ("track", "track_key"): _TITLE,
    ("track", "title"): _TITLE,
    ("track", "release_key"): _TITLE,
    ("track", "position"): Fact(Kind.NOTHING, "the track's place on its release"),
    ("uncatalogued", "target_key"): Fact(
        Kind.TEXT,
        "a key that events named and the catalog does not know",
        _FOR_GOOD,
        "strangers cannot make keys at will",
    ),
    ("uncatalogued", "target_kind"): _KIND,
    ("uncatalogued", "day"): Fact(Kind.TIME, "the day the key was first seen", _FOR_GOOD, "so many new keys a day"),
    ("week_begin", "week"): Fact(Kind.TIME, "a Monday", _FOR_GOOD, "the weekly digest"),
    ("week_begin", "listeners"): Fact(
        Kind.COUNT, "how many listeners the site had when the week began", _FOR_GOOD, "a week's new listeners"
    ),
}
"""(table, column) -> what it is."""

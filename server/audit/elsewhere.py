"""Where else something about a listener can be: files, memory, the browser."""

from typing import Final

from server.audit.facts import Place

ELSEWHERE: Final[tuple[Place, ...]] = (
    Place(
        "spool (`spool-N.sqlite` and its `-wal` in the data directory)",
        "accepted events that are not yet counted: hour, key, bucket, and one 32-byte value per option (HMAC-SHA-256 "
        "of the id, of address and User-Agent), from which the pseudonyms per target are made; of an event that has an "
        "id of its own, 16 bytes of HMAC-SHA-256 of that",
        "until counted, usually under a second, as long as the database is away; then overwritten, and the `-wal` is "
        "emptied once the spool has drained and at least once a minute",
        "an event that was answered with 202 survives a crash. While it waits, its listener's pseudonyms on every "
        "track can be computed from it, and with the database looked up",
    ),
    Place(
        "log of the service (standard error)",
        "nothing about a listener: no address, User-Agent, id or token, in no traceback either",
        "as the operator's log keeper decides",
        "operation",
    ),
    Place(
        "`postgres/postgres.log` in the data directory (embedded PostgreSQL)",
        "PostgreSQL's own notes; statements, parameters and errors of statements are not logged",
        "the last 4 to 8 MiB",
        "operation. A PostgreSQL of the operator's own logs what its configuration says",
    ),
    Place(
        "log of the proxy in front",
        "with the files of `deploy/`: minute, method, route, status and times of a request (nginx), or the moment and "
        "times (Caddy); no address, no User-Agent. By default nginx and Caddy log addresses, in their error logs too",
        "as the operator decides",
        "operation",
    ),
    Place(
        "`secret` in the data directory, or TONEARM_SECRET",
        "32 random bytes that unseal the pseudonym key and today's salt",
        "until `tonearm secret rotate`, which for a moment has the next one in `secret.next` beside it",
        "what is sealed in the database opens only with it; keep it apart from the data and the backups",
    ),
    Place(
        "`service.json` in the data directory",
        "process number, privacy mode",
        "overwritten at each start",
        "commands find the service",
    ),
    Place(
        "`digests` in the data directory, or `alerts.digest_folder`; mails and webhooks, at their receivers",
        "titles, keys and sums over all listeners",
        "as the operator and the receivers decide",
        "alerts, which are off unless they are configured (docs/alerts.md)",
    ),
    Place(
        "memory of the service: a request",
        "address, User-Agent and id of the browser that asks",
        "while the request is answered, and as long as its connection is open",
        "without them nothing can be counted or answered",
    ),
    Place(
        "memory of the service: rate limit and crawler check",
        "12 bytes of HMAC of the address (IPv6: its /64) and of the User-Agent, under keys that live in this process "
        "alone",
        "address: two windows of burst / rate, as configured two minutes of traffic; User-Agent: the last 20,000; at "
        "most until the process ends",
        "nobody counts a track up with a script",
    ),
    Place(
        "memory of the service: how many client networks there are",
        "the same 12 bytes of HMAC of the address (IPv6: its /64), with the minute in which that network's last event "
        "came; no more than 4,096",
        "an hour, at most until the process ends",
        "the operator is told when a proxy hides who sends, so that all listeners become one",
    ),
    Place(
        "memory of the service: tries of the operator's password",
        "12 bytes of HMAC of the address (IPv6: its /64) of whoever sends the login form, under a key that lives in "
        "this process alone",
        "two windows of five tries, by default two minutes; at most until the process ends",
        "nobody guesses the password",
    ),
    Place(
        "memory of the service: keys and remembered pairs",
        "the secret, the pseudonym key, the salt of today (for moments tomorrow's); pairs of target and pseudonym or "
        "token that are known to be stored",
        "a salt until a second after its day, the rest until the process ends; Python does not overwrite freed memory",
        "counting",
    ),
    Place(
        "browser of the operator: cookies `tonearm-login` on the login page, `tonearm-session` after it (behind TLS "
        "with `__Host-` before the name); listeners get none, and pages behind a share link set none",
        "random, signed; nothing about a person",
        "`tonearm-login` until signing in or the browser is closed; `tonearm-session` until signing out, another "
        "password, or `access.session_days`",
        "the operator is known to be the operator",
    ),
    Place(
        "memory of the service: the last hour, for the live page",
        "how often which track was played how far and came which way, and what was copied, by the minute; nothing of a "
        "listener",
        "an hour",
        "who looks at the live page sees what is played now, though the log keeps the hour alone",
    ),
    Place(
        "PostgreSQL's queue of notifications (`pg_notify` in its data directory, and memory)",
        "the same sums, as the processes tell them to each other about once a second, and how many events each has "
        "taken, counted and refused, and from how many networks; in no table, write-ahead log, replica or backup",
        "until every process has read it, usually at once; its pages are used again, and a start of PostgreSQL empties "
        "it",
        "every process shows the same",
    ),
    Place(
        "browser: `tonearm.listener` in localStorage, first party",
        "a random UUID (version 4)",
        "from the first play that counts in the modes `anon-id` and `both`; until opt-out, Global Privacy Control or "
        "Do Not Track, a mode without it, or until the browser's site data are cleared",
        "the same browser is one listener (option A)",
    ),
    Place(
        "browser: `tonearm.waiting.*` in localStorage, first party; only in the modes `anon-id` and `both`, never "
        "under opt-out, Global Privacy Control or Do Not Track",
        "an event that waits: made offline, or the play that goes on (track and bucket; no id of the listener)",
        "until it is sent, at most seven days",
        "plays made offline and pages that die silently are counted, once",
    ),
    Place(
        "browser: `tonearm.optOut` in localStorage, first party",
        "`1`: this listener opted out",
        "until `optIn()` or until the browser's site data are cleared",
        "the choice is remembered",
    ),
)

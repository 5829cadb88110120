"""The event contract (DESIGN §3): the one place that decides what a request to an event route is worth.

Every door hands its requests to `Events.answer` and sends back what it returns. A request passes the named
steps of `STEPS` in order; the first that objects refuses it for a reason with a name. Address, User-Agent and
the client's id exist only while a request passes, and only what privacy/ derives from them goes on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Final, Protocol
from uuid import UUID

import trio
from msgspec import UnsetType

from actors.events import Canary, Event, Forget, Play, Share
from actors.ledger import Ledger, Reason
from actors.messages import Submission
from actors.networks import Networks, Way
from actors.salts import Salts
from privacy import pseudonym, token
from privacy.address import TrustedProxies, client_address, network
from privacy.modes import Mode, derives
from privacy.signals import objects
from server.bodies import MOST_BYTES, Malformed, PlayBody, read_forget, read_play, read_share
from server.calendar import Calendar
from server.canary import HOLDS_S, Canaries
from server.clients import way
from server.crawlers import Crawlers
from server.limiter import Limiter
from server.live import Live
from server.problems import Answer, problem, refusal

PLAY: Final = "/api/event/play"
SHARE: Final = "/api/event/share"
CONFIG: Final = "/api/event/config"
FORGET: Final = "/api/event/forget"
PATHS: Final = (PLAY, SHARE, FORGET)

TOO_LARGE: Final = f"The body is larger than {MOST_BYTES} bytes; an event is far smaller."
WRONG_METHOD: Final = "Events are sent with POST."
_STALE: Final = f"This canary was sent {{:.0f}} s ago by its sender's clock; one holds for {HOLDS_S} s."
TOO_SLOW: Final = "The request did not arrive in time; send it in one piece."

_ALLOW: Final = {"allow": "POST, OPTIONS"}
_MEDIA_TYPES: Final = ("application/json", "text/plain")
_RETRY_AFTER_S: Final = 5  # when the database or the disk is away: short, since nothing waits in a browser for long
_PREFLIGHT_AGE_S: Final = 86_400
_CONFIG_AGE_S: Final = 60


@dataclass(slots=True)
class Request:
    """What a door read off the wire. Header names are lower case; repeated lines are joined with a comma."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    peer: str | None  # the socket's peer address; None for a unix socket
    event: Event | None = None  # what the last step made of it
    client: bytes = b""  # its address, once somebody has asked for it
    name: bytes = b""  # by which the limiter knows its network


Step = Callable[["Events", Request], Answer | None]


@dataclass(frozen=True, slots=True)
class Listeners:
    """How listeners are made at this moment."""

    live: Live
    pseudonym_key: bytes = field(repr=False)
    salts: Salts

    @property
    def mode(self) -> Mode:
        """It may change while the service runs."""
        return self.live.mode

    @property
    def makes_tokens(self) -> bool:
        """Whether the mode has a use for a salt."""
        return derives(self.mode, objected=False).token


class Submit(Protocol):
    """The way into the ingest actor: a memory channel's sending end."""

    def send_nowait(self, value: Submission) -> None: ...


class Events:
    """Shared by all doors of a process."""

    def __init__(
        self,
        submissions: Submit,
        ledger: Ledger,
        limiter: Limiter,
        crawlers: Crawlers | None,
        calendar: Calendar,
        listeners: Listeners,
        *,
        origins: frozenset[str],
        trusted: TrustedProxies,
        networks: Networks,
        canaries: Canaries,
    ) -> None:
        """`origins` empty: events from any page are taken."""
        self._submissions = submissions
        self._ledger = ledger
        self._limiter = limiter
        self._crawlers = crawlers
        self._calendar = calendar
        self._listeners = listeners
        self._origins = origins
        self._trusted = trusted
        self._networks = networks
        self._canaries = canaries
        self._cors = _cors_by_origin(origins)
        self._accepted = {origin: _ACCEPTED.with_headers(cors) for origin, cors in self._cors.items()}

    async def answer(self, request: Request) -> Answer:
        """The whole of it: 202 only once the event is on disk."""
        verdict = self.judge(request)
        if isinstance(verdict, Answer):
            return verdict
        return self.outcome(request, await verdict.settled())

    def judge(self, request: Request) -> Answer | Submission:
        """The answer where there is one at once; otherwise what to wait for, and then ask `outcome`.

        In two parts so that a door can hand in several requests of one connection before it waits for the first.
        """
        if request.path == CONFIG:
            return self._config(request)
        if request.method == "OPTIONS" and request.path in PATHS:
            return _PREFLIGHT.with_headers(self._cors_for(request))
        self._ledger.received += 1
        for step in STEPS:
            if refused := step(self, request):
                return refused.with_headers(self._cors_for(request))
        assert request.event is not None
        submission = Submission(request.event)
        try:
            self._submissions.send_nowait(submission)
        except (trio.WouldBlock, trio.BrokenResourceError):  # broken: ingest has died, and the process is going down
            self._ledger.refused[Reason.UNAVAILABLE] += 1
            return self.outcome(request, Reason.UNAVAILABLE)
        self._ledger.waiting += 1
        if self._networks.few:
            self._look_closer(request)
        elif request.event.__class__ is not Canary:
            self._networks.note(request.name or self._name(request))
        return submission

    def outcome(self, request: Request, refused: Reason | None) -> Answer:
        """What to say once a submission is settled; whoever settled it has counted it."""
        if refused is None:
            return self._accepted[self._origin_of(request)]
        return refusal(
            refused,
            "The event cannot be made durable now, and was not counted; send it again later.",
            {"retry-after": str(_RETRY_AFTER_S), **self._cors_for(request)},
        )

    def unreadable(self, reason: Reason, detail: str) -> Answer:
        """For what a door cannot make a request of: too slow, too large, not HTTP."""
        self._ledger.received += 1
        return self._refuse(reason, detail, _ALLOW if reason is Reason.METHOD else None)

    def _refuse(self, reason: Reason, detail: str, headers: Mapping[str, str] | None = None) -> Answer:
        self._ledger.refused[reason] += 1
        return refusal(reason, detail, headers)

    def _config(self, request: Request) -> Answer:
        """What the tracker must know before it may mint an id."""
        if request.method == "OPTIONS":
            return Answer(204, {"access-control-allow-origin": "*", "access-control-allow-methods": "GET"})
        if request.method not in ("GET", "HEAD"):
            return problem(405, "method", "Wrong method", "Ask with GET.", {"allow": "GET, HEAD, OPTIONS"})
        headers = {
            "content-type": "application/json",
            "cache-control": f"public, max-age={_CONFIG_AGE_S}",
            "access-control-allow-origin": "*",
        }
        return Answer(200, headers, b'{"mode":"%s"}' % self._listeners.mode.value.encode())

    def _origin_of(self, request: Request) -> str:
        """The request's origin where it is one of the site's, else nothing."""
        if not self._origins:
            return ""
        origin = request.headers.get("origin", "").lower()
        return origin if origin in self._origins else ""

    def _cors_for(self, request: Request) -> Mapping[str, str]:
        return self._cors[self._origin_of(request)]

    # The steps, in the order of STEPS.

    def route(self, request: Request) -> Answer | None:
        """Which event it claims to be."""
        if request.path in PATHS:
            return None
        return self._refuse(Reason.NOT_FOUND, f"There is no such route; events go to {', '.join(PATHS)}.")

    def method(self, request: Request) -> Answer | None:
        """Events are posted."""
        if request.method == "POST":
            return None
        return self._refuse(Reason.METHOD, WRONG_METHOD, _ALLOW)

    def origin(self, request: Request) -> Answer | None:
        """Whether the page is the site's. A request without an Origin comes from no page and is not told apart."""
        origin = request.headers.get("origin")
        if not self._origins or origin is None or origin.lower() in self._origins:
            return None
        if request.headers.get("sec-fetch-site") == "same-origin":
            return None  # a page of this service itself, such as the embed; a page cannot forge this header
        return self._refuse(
            Reason.ORIGIN,
            "Events are taken from the pages of this site only; its operator lists them in [site] origins.",
        )

    def rate(self, request: Request) -> Answer | None:
        """Whether this client has sent too many."""
        if not self._limiter.active:
            return None
        wait = self._limiter.refuse(self._name(request))
        if not wait:
            return None
        return self._refuse(
            Reason.RATE, f"Too many events; send the next in {ceil(wait)} s.", {"retry-after": str(ceil(wait))}
        )

    def media_type(self, request: Request) -> Answer | None:
        """JSON, or plain text for a cross-origin beacon without a preflight."""
        given = request.headers.get("content-type", "")
        if given in _MEDIA_TYPES or given.partition(";")[0].strip().lower() in _MEDIA_TYPES:
            return None
        return self._refuse(
            Reason.MEDIA_TYPE,
            f"Send JSON as {' or '.join(_MEDIA_TYPES)}.",
            {"accept": ", ".join(_MEDIA_TYPES)},
        )

    def crawler(self, request: Request) -> Answer | None:
        """Behind the rate limit: who changes its User-Agent with each request makes each look a full one."""
        if self._crawlers is None or not self._crawlers.known(request.headers.get("user-agent", "")):
            return None
        return self._refuse(
            Reason.CRAWLER,
            "This User-Agent is a known crawler's, whose plays are not counted; "
            "the operator can turn that off with [limits] refuse_crawlers = false.",
        )

    def read(self, request: Request) -> Answer | None:
        """From JSON to an event without a trace of its sender but what the mode allows."""
        try:
            if request.path == PLAY:
                body = read_play(request.body)
                request.event = self._play(request, body)
            elif request.path == FORGET:
                base = pseudonym.base(self._listeners.pseudonym_key, read_forget(request.body).anonId)
                request.event = Forget(self._calendar.moment(), base)
            else:
                share = read_share(request.body)
                moment, tag = self._calendar.moment(), self._tag(share.eventId)
                request.event = Share(moment, share.targetType, share.targetKey, share.channel, tag)
        except Malformed as error:
            # Looked for here, where it costs the events of listeners nothing.
            if request.path != PLAY or (canary := self._canaries.read(request.body)) is None:
                return self._refuse(Reason.MALFORMED, str(error))
            if not canary.holds:
                return self._refuse(Reason.MALFORMED, _STALE.format(canary.age_s))
            request.event = Canary(self._calendar.moment(), canary.sender, canary.nonce)
        return None

    def _play(self, request: Request, body: PlayBody) -> Play:
        headers, moment, listeners = request.headers, self._calendar.moment(), self._listeners
        objected = objects(sec_gpc=headers.get("sec-gpc"), dnt=headers.get("dnt")) or body.optOut is True
        wanted = derives(listeners.mode, objected=objected)
        listener = made = None
        generation = 0
        if wanted.pseudonym and body.anonId:
            listener = pseudonym.base(listeners.pseudonym_key, body.anonId)
        if wanted.token and (salt := listeners.salts.of(moment.day)):
            made = token.base(salt.secret, network(self._client(request)), headers.get("user-agent", ""))
            generation = salt.generation
        return Play(
            moment,
            body.trackEntryKey,
            body.bucket,
            body.via or None,
            listener,
            token=made,
            generation=generation,
            event_tag=self._tag(body.eventId),
        )

    def _tag(self, event_id: UUID | UnsetType | None) -> bytes | None:
        return pseudonym.event_tag(self._listeners.pseudonym_key, event_id) if event_id else None

    def _look_closer(self, request: Request) -> None:
        """One more event of its sender's network, unless that is this machine."""
        came = way(request.headers, request.peer, self._trusted)
        if came is not Way.HERE and not isinstance(request.event, Canary):
            self._networks.note(request.name or self._name(request), came)

    def _name(self, request: Request) -> bytes:
        name = request.name = self._limiter.name(network(self._client(request)))
        return name

    def _client(self, request: Request) -> bytes:
        """Neither header costs anything where no proxy sends it."""
        if not request.client:
            headers = request.headers
            forwarded_for, forwarded = headers.get("x-forwarded-for"), headers.get("forwarded")
            request.client = client_address(
                request.peer,
                [forwarded_for] if forwarded_for else [],
                self._trusted,
                [forwarded] if forwarded else [],
            )
        return request.client


STEPS: Final[tuple[Step, ...]] = (
    Events.route,
    Events.method,
    Events.media_type,
    Events.origin,
    Events.rate,
    Events.crawler,
    Events.read,
)
"""What a request passes on its way to becoming an event; each returns a refusal or lets it through."""

_ACCEPTED: Final = Answer(202, {})
_PREFLIGHT: Final = Answer(
    204,
    {
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": "content-type",
        "access-control-max-age": str(_PREFLIGHT_AGE_S),
    },
)


def _cors_by_origin(origins: frozenset[str]) -> dict[str, Mapping[str, str]]:
    """The headers for each of the site's origins, and for any other under the empty string."""
    if not origins:
        return {"": {"access-control-allow-origin": "*"}}
    named = {origin: {"access-control-allow-origin": origin, "vary": "Origin"} for origin in origins}
    return {**named, "": {"vary": "Origin"}}

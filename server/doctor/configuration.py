"""Settings that are each allowed and make no sense together, or none in public.

What is wrong by itself, such as a key that nobody knows, `server/config.py` refuses.
"""

from ipaddress import ip_network
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from privacy.address import TrustedProxies, packed
from server.config import Config
from server.doctor.finding import Finding, fail, ok, warn
from server.doctor.process import Doors
from server.doctor.words import count, listed

_THIS_MACHINE: Final = ("127.0.0.1", "::1")
_PROXY: Final = "docs/deploy.md has the files for nginx and Caddy."


def in_public(config: Config, doors: Doors, *, asked_for: bool) -> bool:
    """Whether strangers reach it: a proxy is believed, or it listens where one connects, or the operator says so."""
    return asked_for or bool(config.http.trusted_proxies) or bool(doors.unix) or doors.networks


def read(file: Path | None) -> Finding:
    """That it could be read at all, and that every key in it is one."""
    if file is None:
        return ok("config", "The settings are the defaults and what the environment says; there is no file.")
    return ok("config", f"The settings in {file} can be read, and every name in it is one that Tonearm knows.")


def refused(sentences: str) -> Finding:
    """What `server/config.py` says to it."""
    return fail("config", sentences, "Mend the configuration, and ask again: `tonearm config show` shows it then.")


def listening(doors: Doors) -> Finding:
    """Who could reach it past the proxy."""
    if doors.networks:
        return warn(
            "listening",
            "It can be reached from other machines directly: without TLS, without the limits of a proxy, and /metrics "
            "is open to all of them.",
            "Set [http] bind and [beacon] bind to unix:/run/tonearm/http.sock and unix:/run/tonearm/beacon.sock, or to "
            f"127.0.0.1, and put a proxy in front. {_PROXY}",
        )
    where = [name for name, there in (("unix sockets", doors.unix), ("this machine", doors.this_machine)) if there]
    how = "The running service" if doors.seen else "By its configuration it"
    return ok("listening", f"{how} listens on {listed(where)} alone.")


def trusted_proxies(config: Config, doors: Doors) -> Finding:
    """Whether the addresses that count are those of the listeners."""
    code, entries = "trusted-proxies", config.http.trusted_proxies
    trusted = TrustedProxies.parse(entries)
    if any(entry != "unix" and ip_network(entry, strict=False).prefixlen == 0 for entry in entries):
        return fail(
            code,
            "[http] trusted_proxies believes everybody: whoever sends X-Forwarded-For passes for any number of "
            "listeners, and no rate limit holds him.",
            'Name your proxy alone, such as "127.0.0.1/32", or "unix" for one that comes by a unix socket.',
        )
    if doors.unix and not trusted.unix:
        return fail(
            code,
            "It listens on a unix socket, where nobody has an address, and [http] trusted_proxies does not believe "
            "the proxy there: all listeners are one, and share one rate limit.",
            'Set [http] trusted_proxies = ["unix"].',
        )
    if doors.this_machine and not any(trusted.believes(packed(host)) for host in _THIS_MACHINE):
        return warn(
            code,
            "It listens for this machine alone, and believes no proxy on it: with one in front, all listeners are "
            "one, and share one rate limit.",
            'Set [http] trusted_proxies = ["127.0.0.1/32", "::1/128"] if a proxy is in front. Without one, on trial, '
            "nothing is wrong.",
        )
    if not entries:
        return ok(code, "No proxy is believed: who connects is the listener.")
    return ok(code, f"What {count(len(entries), 'proxy', 'proxies')} says of the listener's address is believed.")


def trusted_header(config: Config) -> Finding:
    """A way to sign in that nobody can go."""
    code = "trusted-header"
    if config.access.trusted_header and not config.http.trusted_proxies:
        return warn(
            code,
            "[access] trusted_header names a header, and [http] trusted_proxies names nobody from whom it is taken: "
            "nobody can sign in by it.",
            "Name the proxy that signs people in under [http] trusted_proxies, or empty [access] trusted_header.",
        )
    if config.access.trusted_header:
        return ok(code, "A proxy signs people in by a header, which is taken from trusted proxies alone.")
    return ok(code, "No proxy signs people in.")


def origins(config: Config, *, public: bool) -> Finding:
    """Whose pages may send events."""
    code, named = "origins", config.site.origins
    if not named and public:
        return warn(
            code,
            "[site] origins is empty: events are taken from the pages of any site.",
            'Name your site, such as [site] origins = ["https://band.example"].',
        )
    plain = [origin for origin in named if _is_plain(origin)]
    if plain:
        return warn(
            code,
            f"[site] origins names {listed(plain)}, whose pages come without TLS: anybody on the way can change them.",
            "Have the site on https alone, and name it so.",
        )
    if not named:
        return ok(code, "Events are taken from any page; nothing says that strangers reach this installation.")
    return ok(code, f"Events are taken from the pages of {count(len(named), 'origin')}.")


def _is_plain(origin: str) -> bool:
    return origin.startswith("http://") and urlsplit(origin).hostname not in ("localhost", *_THIS_MACHINE)


def rate_limit(config: Config, *, public: bool) -> Finding:
    """Whether a script can count without end."""
    code, rate = "rate-limit", config.limits.events_per_minute
    if not rate and public:
        return warn(
            code,
            "[limits] events_per_minute is 0: one client can count without end.",
            "Set it to what a person can do; the default is 120.",
        )
    return ok(code, f"One client has {count(rate, 'event')} a minute." if rate else "There is no limit for a client.")


def demo(config: Config, *, public: bool) -> Finding:
    """A demo that strangers see."""
    if config.demo and public:
        return warn(
            "demo",
            "The demo site is on, and this installation is reached by strangers: its tracks are in your catalog.",
            "Set demo = false, and give this installation your own catalog: tonearm catalog load FILE",
        )
    return ok("demo", "The demo site is on, for this machine." if config.demo else "The demo site is off.")

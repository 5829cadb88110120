"""What is to be made of a visit to the public address (probe.py)."""

from typing import Final

from server.doctor.finding import Finding, fail, ok, unknown, warn
from server.doctor.probe import METRICS, TRACKER, Door, Forwarding, Visit
from server.doctor.words import duration

_DAY_S: Final = 86_400.0
_SOON_S: Final = 14 * _DAY_S
_VERY_SOON_S: Final = 3 * _DAY_S
_RENEW: Final = "Renew it: certbot renew, and reload the proxy. Caddy does both by itself; its log says why not."
_NOT_REACHED: Final = "The public address does not answer."
_SEE_REACH: Final = "See `url-reach`."


def reach(visit: Visit) -> Finding:
    """Whether anything answers."""
    code = "url-reach"
    if visit.trouble:
        return fail(
            code,
            f"{visit.url} cannot be reached from this machine: {visit.trouble}.",
            "See that the proxy runs and that the name leads to it. Some networks do not lead back to their own public "
            "address: ask from elsewhere then.",
        )
    return ok(code, f"{visit.url} answers.")


def tls(visit: Visit, now: float) -> Finding:
    """The certificate, as a browser takes it."""
    code = "url-tls"
    if visit.tls is None:
        if visit.here:
            return ok(code, "This is this machine's own address, which nobody can listen in on.")
        return fail(
            code,
            "The address is http: anybody on the way reads what is listened to, and can change the page.",
            "Give the proxy a certificate (deploy/nginx/tonearm-site.conf, deploy/Caddyfile), and ask with https://.",
        )
    if visit.tls.trouble:
        return fail(code, f"Browsers do not accept the certificate: {visit.tls.trouble}.", _RENEW)
    if visit.trouble or visit.tls.expires_at is None:
        return unknown(code, "How long the certificate is good for cannot be told.", _SEE_REACH)
    left = visit.tls.expires_at - now
    if left < _SOON_S:
        judge = fail if left < _VERY_SOON_S else warn
        return judge(code, f"The certificate runs out in {duration(max(0.0, left))}.", _RENEW)
    return ok(code, f"{visit.tls.version}, with a certificate that browsers accept, for another {duration(left)}.")


def http2(visit: Visit) -> Finding:
    """One connection for a page and its events."""
    code = "url-http2"
    if visit.tls is None:
        return unknown(code, "Browsers speak HTTP/2 over TLS alone, and the address is http.", "Ask with https://.")
    if visit.trouble:
        return unknown(code, _NOT_REACHED, _SEE_REACH)
    if visit.tls.protocol != "h2":
        return warn(
            code,
            "HTTP/2 is not offered: a browser opens several connections for a page and its events.",
            "nginx: `listen 443 ssl http2`, or `http2 on;` from 1.25.1 on. Caddy offers it by itself.",
        )
    return ok(code, "HTTP/2 is offered.")


def events(visit: Visit) -> Finding:
    """An event that is no event was sent: the service must have refused it, and the beacon listener should."""
    code, reply = "url-events", visit.event
    if reply is None:
        return unknown(code, _NOT_REACHED, _SEE_REACH)
    if not reply.judged:
        if 300 <= reply.status < 400:
            return fail(
                code,
                f"/api/event/play is answered with a redirect ({reply.status}), which a beacon does not follow.",
                "Ask with the address your pages have, with https:// and with or without www; send events there.",
            )
        if reply.status >= 500:
            return fail(
                code,
                f"The proxy answers, and the service behind it does not ({reply.status}).",
                "See that the service runs, that the proxy's account may connect to its sockets (`socket-files`), and "
                "the proxy's log.",
            )
        return fail(
            code,
            f"/api/event/play is answered with {reply.status}, and not by Tonearm: events of this site go nowhere.",
            "Include deploy/nginx/tonearm-routes.conf in the site's server block, or `import tonearm` of "
            "deploy/Caddyfile.",
        )
    if visit.door is Door.BEACON:
        return ok(code, "Events reach the beacon listener.")
    if visit.door is Door.PAGES:
        return warn(
            code,
            "Events reach the listener for pages, which takes far fewer of them than the beacon listener.",
            "Point /api/event/ at [beacon] bind, as deploy/nginx/tonearm-routes.conf and deploy/Caddyfile do.",
        )
    return unknown(
        code,
        "Events reach Tonearm; by which of its listeners cannot be told through this proxy.",
        "Look at where the proxy sends /api/event/: it should be [beacon] bind.",
    )


def forwarded(visit: Visit, *, believed: bool) -> Finding:
    """An X-Forwarded-For that the client made up. `believed`: the service takes it from somebody."""
    code = "url-forwarded"
    if visit.forwarding is Forwarding.DROPPED:
        return ok(code, "An X-Forwarded-For that a client makes up does not reach the service.")
    if visit.forwarding is Forwarding.APPENDED:
        return ok(
            code,
            "An X-Forwarded-For that a client makes up is handed on with the address of the client behind it; the "
            "service believes the last alone.",
        )
    if visit.forwarding is Forwarding.PASSED and not believed:
        return ok(code, "An X-Forwarded-For that a client makes up reaches the service, which believes nobody's.")
    if visit.forwarding is Forwarding.PASSED:
        return warn(
            code,
            "An X-Forwarded-For that a client makes up reaches the service. If the proxy adds no line of its own, "
            "everybody can pass for any number of listeners; whether it does cannot be told from outside.",
            "Have the proxy write over it: proxy_set_header X-Forwarded-For $remote_addr (nginx), http-request "
            "set-header X-Forwarded-For %[src] (HAProxy).",
        )
    return unknown(
        code,
        "Whether an X-Forwarded-For that a client makes up reaches the service cannot be told here: that takes the "
        "beacon listener with its own bound for headers behind the proxy, and a proxy that hands headers on.",
        "Look at what the proxy does with X-Forwarded-For: it should write over it, as the files in deploy/ do.",
    )


def tracker(visit: Visit) -> Finding:
    """The script that pages load."""
    code, reply = "url-tracker", visit.tracker
    if reply is None:
        return unknown(code, f"{TRACKER} was not answered.", _SEE_REACH)
    if reply.status == 200 and "javascript" in reply.headers.get("content-type", ""):
        return ok(code, f"{TRACKER} is there for your pages.")
    return warn(
        code,
        f"{TRACKER} is answered with {reply.status}, and is no script: pages that load it from here count nothing.",
        "Include deploy/nginx/tonearm-routes.conf, or `import tonearm` of deploy/Caddyfile. Where your pages have the "
        "tracker from elsewhere, such as the npm package, nothing is wrong.",
    )


def metrics(visit: Visit) -> Finding:
    """The service's figures about itself are the operator's."""
    code, reply = "url-metrics", visit.metrics
    if reply is None:
        return unknown(code, f"{METRICS} was not answered.", _SEE_REACH)
    if reply.status == 200 and b"tonearm_" in reply.body:
        return fail(
            code,
            f"{METRICS} is open to everybody: how much comes in, how old the salt is, which version runs.",
            "nginx: location = /metrics { return 404; }; deploy/Caddyfile has the same.",
        )
    return ok(code, f"{METRICS} is closed to strangers.")

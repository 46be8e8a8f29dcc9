"""Every route has a rule: who may use it at all. What a role may do there is in rights.py.

Routes are added through `add` only; `guard` refuses a route without a rule, and a test walks
them all.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Mapping
from enum import Enum

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from mediaserver.api import UserError
from signalling import tokens
from signalling.config import HttpConfig
from signalling.db.engine import Database
from signalling.tokens import Claims


def origin(http: HttpConfig, request: web.Request) -> str:
    """Where browsers reach this server, for URLs that are given away. A forged Host fools only who forged it."""
    if http.public_url is not None:
        return http.public_url
    return f"{'http' if http.tls == 'off' else 'https'}://{request.host}"


class Rule(Enum):
    PUBLIC = "public"
    TOKEN = "token"
    """A valid room token in `Authorization: Bearer …`, for the room in the path where it has one."""
    NETWORK = "network"
    """An address of `http.metrics_allow`."""
    HELLO = "hello"
    """The token is the first message on the WebSocket."""
    STRANGER = "stranger"
    """Anybody, to sign in: who fails often has to wait."""
    PERSON = "person"
    """Somebody who is signed in, in `request[CALLER]`; the handler asks what she may (signalling/people/door.py)."""
    DEVICE = "device"
    """A device's key in `Authorization: Bearer …`; the device is in `request[DEVICE]` (signalling/devices/door.py)."""


RULES: web.AppKey[dict[web.AbstractRoute, Rule]] = web.AppKey("rules", dict)
CLAIMS: web.RequestKey[Claims] = web.RequestKey("claims", Claims)
ADDRESS: web.RequestKey[str] = web.RequestKey("address", str)
"""Where the client is, for counting and writing down; no right follows from it."""
DATABASE: web.AppKey[Database] = web.AppKey("database", Database)

Door = Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]
"""Finds out who is signed in, or which device it is, and lets the request in."""


def add(app: web.Application, rule: Rule, method: str, path: str, handler: Handler) -> None:
    """Add a route; what can be read with GET answers HEAD too, but for the WebSocket."""
    for verb in ("GET", "HEAD") if method == "GET" and rule is not Rule.HELLO else (method,):
        app[RULES][app.router.add_route(verb, path, handler)] = rule


def bearer(request: web.Request) -> str:
    """The token of the Authorization header (RFC 6750 §2.1); empty when there is none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def make_guard(secret: bytes, http: HttpConfig, clock: Callable[[], float], doors: Mapping[Rule, Door]) -> Middleware:
    """:param doors: of the rules that have one."""
    allowed = [ipaddress.ip_network(network) for network in http.metrics_allow]
    proxies = [ipaddress.ip_network(network) for network in http.proxies]

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.match_info.http_exception is not None:
            return await handler(request)  # 404 and 405 have no route
        request[ADDRESS] = _address(request, proxies)
        rule = request.app[RULES][request.match_info.route]
        if rule is Rule.TOKEN:
            claims = tokens.verify(secret, bearer(request), now=clock())
            room = request.match_info.get("room", claims.room)
            if room != claims.room:
                raise UserError(403, "wrong_room", "The token is for another room; use the link of this lesson.")
            request[CLAIMS] = claims
        elif rule in doors:
            return await doors[rule](request, handler)
        elif rule is Rule.NETWORK and not _within(request.remote, allowed):
            raise UserError(
                403, "forbidden_address", "Your address may not read this; add its network to http.metrics_allow."
            )
        return await handler(request)

    return guard


Networks = list[ipaddress.IPv4Network | ipaddress.IPv6Network]


def _address(request: web.Request, proxies: Networks) -> str:
    """Of the client, as far as the proxies tell it that we know: each adds whom it heard (X-Forwarded-For)."""
    address = request.remote or ""
    heard = ",".join(request.headers.getall("X-Forwarded-For", ())).split(",")
    while heard and _within(address, proxies):
        address = heard.pop().strip() or address
    return address


def _within(remote: str | None, allowed: Networks) -> bool:
    try:
        address = ipaddress.ip_address(remote or "")
    except ValueError:
        return False
    # A socket bound to :: shows IPv4 peers as ::ffff:a.b.c.d where the system allows both.
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in network for network in allowed)

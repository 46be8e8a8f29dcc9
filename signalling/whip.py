"""WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep): one resource handler for both directions.

The client offers, the server answers 201 with the session's URL; PATCH trickles or restarts ICE,
DELETE ends it. Errors leave as problem documents with CORS headers, so that pages of another
origin can read them.
"""

from __future__ import annotations

import urllib.parse
from typing import Literal

from aiohttp import web

from mediaserver.api import SessionAnswer, UserError
from signalling import access, bodies, sdpfrag
from signalling.access import CLAIMS, Rule
from signalling.config import IceServer
from signalling.rooms import Rooms

MAX_BODY = 64 * 1024
SDP = "application/sdp"
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Location, ETag, Link, Accept-Patch, Accept-Post, Retry-After",
}
_PREFLIGHT = {
    **CORS,
    "Access-Control-Allow-Methods": "POST, PATCH, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match",
    "Access-Control-Max-Age": "86400",
}


def link(server: IceServer) -> str:
    """One `Link` header value (RFC 9725 §4.6)."""
    parts = [f"<{server.url}>", 'rel="ice-server"']
    if server.username:
        parts += [
            f'username="{server.username}"',
            f'credential="{server.credential}"',
            'credential-type="password"',
        ]
    return "; ".join(parts)


class Resource:
    """`/whip/{room}` or `/whep/{room}` and the sessions below it."""

    def __init__(self, rooms: Rooms, name: Literal["whip", "whep"], ice_servers: tuple[IceServer, ...]) -> None:
        self._rooms = rooms
        self._name = name
        self._direction = "publish" if name == "whip" else "subscribe"
        self._links = [link(server) for server in ice_servers]

    def add_routes(self, app: web.Application) -> None:
        endpoint, session = f"/{self._name}/{{room}}", f"/{self._name}/{{room}}/{{session}}"
        access.add(app, Rule.TOKEN, "POST", endpoint, self.post)
        access.add(app, Rule.PUBLIC, "OPTIONS", endpoint, self.options)
        access.add(app, Rule.TOKEN, "PATCH", session, self.patch)
        access.add(app, Rule.TOKEN, "DELETE", session, self.delete)
        access.add(app, Rule.PUBLIC, "OPTIONS", session, self.options)

    async def options(self, request: web.Request) -> web.Response:
        kind = {"Accept-Patch": sdpfrag.CONTENT_TYPE} if "session" in request.match_info else {"Accept-Post": SDP}
        return web.Response(status=204, headers={**_PREFLIGHT, **kind})

    async def post(self, request: web.Request) -> web.Response:
        claims = request[CLAIMS]
        offer = await _body(request, SDP, "offer")
        ufrag = sdpfrag.offered_ufrag(offer)
        answer: SessionAnswer
        if self._name == "whip":
            takeover = request.query.get("takeover") == "1"
            answer = await self._rooms.publish(claims, offer, ufrag, takeover)
        else:
            answer = await self._rooms.subscribe(claims, offer, ufrag)
        response = web.Response(
            status=201,
            body=answer.answer.encode(),
            content_type=SDP,
            headers={
                **CORS,
                "Location": f"/{self._name}/{claims.room}/{urllib.parse.quote(answer.session, safe='')}",
                "ETag": f'"{answer.etag}"',
                "Accept-Patch": sdpfrag.CONTENT_TYPE,
            },
        )
        for value in self._links:
            response.headers.add("Link", value)
        return response

    async def patch(self, request: web.Request) -> web.Response:
        session = self._rooms.session(request[CLAIMS], request.match_info["session"], self._direction)
        fragment = sdpfrag.parse(await _body(request, sdpfrag.CONTENT_TYPE, "fragment"))
        restart = fragment.ufrag is not None and fragment.ufrag != session.ufrag
        _check_generation(request.headers.get("If-Match"), session.etag, restart)
        if fragment.ufrag is None or fragment.password is None or not restart:
            return web.Response(status=204, headers={**CORS, "ETag": f'"{session.etag}"'})
        restarted = await self._rooms.restart(session, fragment.ufrag)
        return web.Response(
            body=sdpfrag.answer(fragment, restarted.ufrag, restarted.password, restarted.candidates).encode(),
            content_type=sdpfrag.CONTENT_TYPE,
            headers={**CORS, "ETag": f'"{restarted.etag}"'},
        )

    async def delete(self, request: web.Request) -> web.Response:
        session = self._rooms.session(request[CLAIMS], request.match_info["session"], self._direction)
        await self._rooms.close(session)
        return web.Response(headers=CORS)


def _check_generation(condition: str | None, etag: str, restart: bool) -> None:
    """RFC 9725 §4.3: a restart names its generation or takes any; a trickle without a condition is let through,
    because this server needs no candidates and loses nothing.

    :raises UserError: 412 or 428 `ice_generation`.
    """
    if condition is None:
        if restart:
            raise UserError(428, "ice_generation", 'An ICE restart needs the header If-Match: "*" or the current ETag.')
        return
    named = {part.strip().removeprefix("W/").strip('"') for part in condition.split(",")}
    if not named & {"*", etag}:
        raise UserError(412, "ice_generation", "If-Match names an ICE generation that is over; use the latest ETag.")


async def _body(request: web.Request, content_type: str, what: str) -> str:
    if request.content_type != content_type:
        raise UserError(415, "not_sdp", f"Send the {what} with Content-Type: {content_type}.")
    if (request.content_length or 0) > MAX_BODY:
        raise _too_large(what)
    try:
        return (await bodies.receive(request)).decode()
    except UnicodeDecodeError:
        raise UserError(400, "bad_sdp", f"The {what} is not UTF-8 text.") from None
    except web.HTTPRequestEntityTooLarge:  # sent in chunks, without a length
        raise _too_large(what) from None


def _too_large(what: str) -> UserError:
    return UserError(413, "too_large", f"The {what} is larger than {MAX_BODY // 1024} KiB; send a smaller one.")

"""Errors as `application/problem+json` (RFC 9457), mapped once, at the edge.

`UserError` is something a person can put right and keeps its sentence; aiohttp's own refusals
(404, 405, 413 …) get one; anything else is a bug: logged with its trace under an id that the
answer names, so that a report from a school finds its log line.
"""

from __future__ import annotations

import asyncio
import http
import json
import secrets
from collections.abc import Mapping

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from mediaserver.api import UserError

log = structlog.get_logger("signalling.http")

_OWN = {
    400: ("bad_request", "The request could not be understood; check it against the documentation."),
    404: ("not_found", "There is nothing at this address; check it for typing errors."),
    405: ("method_not_allowed", "This address does not take this method; see the Allow header."),
    413: ("too_large", "The request is too large; send less."),
}


def problem(
    status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None, **extra: object
) -> web.Response:
    """One problem document (RFC 9457 §3) with our stable `code` beside the standard members."""
    document = {
        "type": f"about:blank#{code}",
        "title": http.HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        **extra,
    }
    return web.Response(
        status=status,
        body=json.dumps(document, ensure_ascii=False).encode(),
        content_type="application/problem+json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def from_user_error(error: UserError) -> web.Response:
    headers = {}
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="tongke"'
    if error.status == 503:
        headers["Retry-After"] = "2"
    if "retry_after" in error.extra:
        headers["Retry-After"] = str(error.extra["retry_after"])
    return problem(error.status, error.code, error.detail, headers=headers, **error.extra)


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Outermost middleware but for the access log: nothing leaves as anything but a problem."""
    try:
        return await handler(request)
    except UserError as error:
        return from_user_error(error)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        code, detail = _OWN.get(error.status, ("bad_request", error.reason or "The request was refused."))
        headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
        return problem(error.status, code, detail, headers=headers)
    except (asyncio.CancelledError, ConnectionError):
        raise
    except Exception:
        bug = secrets.token_hex(6)
        log.exception("bug", id=bug, method=request.method)
        return problem(500, "internal", f"The server made a mistake; report it with the id {bug}.", id=bug)

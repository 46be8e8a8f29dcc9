"""The cookies of signing in: not readable by scripts, not sent by other sites' forms, not set by other hosts."""

from __future__ import annotations

from aiohttp import web


class Cookie:
    """One cookie.

    :param secure: browsers reach the server over HTTPS. Then the name begins with `__Host-`: browsers take such a
        cookie over HTTPS alone, from this very host, for all of its paths (RFC 6265bis §4.1.3.2).
    """

    def __init__(self, name: str, *, secure: bool, max_age: int) -> None:
        self.name = f"__Host-{name}" if secure else name
        self._secure = secure
        self._max_age = max_age

    def read(self, request: web.Request) -> str:
        return request.cookies.get(self.name, "")

    def set(self, response: web.StreamResponse, value: str) -> None:
        self._set(response, value, self._max_age)

    def drop(self, response: web.StreamResponse) -> None:
        self._set(response, "", 0)

    def _set(self, response: web.StreamResponse, value: str, max_age: int) -> None:
        response.set_cookie(
            self.name, value, max_age=max_age, path="/", secure=self._secure, httponly=True, samesite="Lax"
        )

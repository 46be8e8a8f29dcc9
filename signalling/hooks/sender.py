"""One try: a signed POST, and what came back. Nothing is followed, and little of an answer is read."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from signalling.hooks import signature
from signalling.hooks.targets import FORBIDDEN, socket_factory

TIMEOUT_S = 10.0
CONNECT_S = 5.0
KEEP_S = 3.0
"""A connection that was not used for so long is closed: before its target does, as we try to use it."""
MAX_ANSWER = 1000
"""Bytes of an answer that are read and kept; its connection is then closed."""
GONE = "410"
"""The receiver wants no more of these (Standard Webhooks)."""


@dataclass(frozen=True, slots=True)
class Message:
    """:ivar made: seconds since 1970. :ivar body: what happened, as JSON can hold it."""

    id: str
    event: str
    made: int
    body: dict[str, Any] = field(repr=False)

    def encoded(self) -> bytes:
        """The same bytes at every try."""
        document = {
            "id": self.id,
            "type": self.event,
            "timestamp": dt.datetime.fromtimestamp(self.made, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "data": self.body,
        }
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Outcome:
    """:ivar status: of the answer, or why there was none. :ivar answer: its beginning, or a sentence.
    :ivar reached: the target answered; otherwise what else is meant for it need not be tried just now."""

    status: str
    answer: str
    reached: bool

    @property
    def arrived(self) -> bool:
        return self.reached and self.status.startswith("2")


class Sender:
    """An asynchronous context manager. :param allow: networks that are not public and may be reached all the same."""

    def __init__(self, allow: Iterable[str], *, timeout_s: float = TIMEOUT_S) -> None:
        self._allow = [ipaddress.ip_network(network) for network in allow]
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=min(CONNECT_S, timeout_s))
        self._http: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        http, self._http = self._http, None
        if http is not None:
            await http.close()

    async def __aenter__(self) -> Sender:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def send(self, url: str, secret: str, message: Message, now: float) -> Outcome:
        """:param secret: as it was shown to the receiver."""
        if self._http is None:
            # A connection is kept for the messages of one bell. Its address was judged when it was made.
            connector = aiohttp.TCPConnector(
                socket_factory=socket_factory(self._allow), keepalive_timeout=KEEP_S, limit=0, use_dns_cache=False
            )
            self._http = aiohttp.ClientSession(
                connector=connector,
                timeout=self._timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "Tongke-Webhooks/1", "Content-Type": "application/json", "Accept": "*/*"},
                auto_decompress=False,
            )
        body = message.encoded()
        headers = signature.headers(secret, message.id, int(now), body)
        try:
            async with self._http.post(url, data=body, headers=headers, allow_redirects=False) as response:
                text = await _beginning(response)
                if not response.content.at_eof():
                    response.close()
                return Outcome(str(response.status), text, True)
        except TimeoutError:
            return Outcome("timeout", f"No answer within {self._timeout.total:.0f} s.", False)
        except aiohttp.ClientConnectorCertificateError:
            return Outcome("untrusted", "The certificate of the target is not trusted.", False)
        except aiohttp.ClientConnectorDNSError:
            return Outcome("unreachable", "The name of the target is not known.", False)
        except aiohttp.ClientConnectorError as error:
            if error.os_error.errno == FORBIDDEN:
                return Outcome("forbidden", "The target is within a network that webhooks.allow does not name.", False)
            return Outcome("unreachable", "The target takes no connection.", False)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Outcome("broken", f"The target does not speak HTTP properly ({type(error).__name__}).", False)


async def _beginning(response: aiohttp.ClientResponse) -> str:
    """What of the answer's text arrived in one second: the status alone decides, and is here already."""
    raw = b""
    try:
        async with asyncio.timeout(1.0):
            async for chunk in response.content.iter_any():
                raw += chunk
                if len(raw) >= MAX_ANSWER:
                    break
    except (aiohttp.ClientError, TimeoutError):
        pass
    return raw[:MAX_ANSWER].decode("utf-8", "replace").replace("\0", "\ufffd")

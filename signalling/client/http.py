"""The HTTP side of WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep), as a client.

One `SignallingClient` speaks to one server with one token; each media session it opens is an `HttpSession`.
Whatever goes wrong is raised as `UserError` with the server's own sentence where it gave one.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urljoin, urlsplit

import aiohttp

from mediaserver.api import UserError

SDP = "application/sdp"
SDP_FRAGMENT = "application/trickle-ice-sdpfrag"
MAX_ANSWER_BYTES = 256 * 1024
"""An answer larger than this is not an SDP answer."""


@dataclass(frozen=True, slots=True)
class IceParameters:
    """What a server answers to an ICE restart. `candidates` are values of `a=candidate:`."""

    ufrag: str
    password: str
    candidates: tuple[str, ...]


def tls_context(ca_files: Iterable[Path] = ()) -> ssl.SSLContext:
    """Trust the system's authorities and those in `ca_files` (PEM)."""
    context = ssl.create_default_context()
    for path in ca_files:
        try:
            context.load_verify_locations(path)
        except (OSError, ssl.SSLError) as error:
            raise UserError(
                400, "ca_unreadable", f"{path} cannot be read as a CA certificate ({error}); name a PEM file."
            ) from error
    return context


class SignallingClient:
    """Opens WHIP and WHEP sessions; an asynchronous context manager.

    :param url: the server's address, such as `https://localhost:8443`.
    :param token: room token, sent as `Authorization: Bearer`.
    :param ca_files: authorities to trust besides the system's.
    :param timeout: seconds for one whole request.
    :param fingerprint: SHA-256 of the server's certificate; it is then believed whoever signed it and for what name.
    """

    def __init__(
        self,
        url: str,
        token: str,
        ca_files: Iterable[Path] = (),
        timeout: float = 10.0,
        *,
        fingerprint: bytes | None = None,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UserError(400, "bad_url", f"{url!r} is not a server address; write it as https://host:8443.")
        self.url = url.rstrip("/")
        self.host = parts.hostname
        trusted: ssl.SSLContext | aiohttp.Fingerprint | bool = True
        if parts.scheme == "https":
            trusted = tls_context(ca_files) if fingerprint is None else aiohttp.Fingerprint(fingerprint)
        connector = aiohttp.TCPConnector(ssl=trusted)
        self._http = aiohttp.ClientSession(
            connector=connector,
            headers={"Authorization": f"Bearer {token}"},
            timeout=aiohttp.ClientTimeout(total=timeout),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.close()

    async def open(
        self, protocol: Literal["whip", "whep"], room: str, offer: str, *, takeover: bool = False
    ) -> HttpSession:
        """POST an SDP offer (RFC 9725 §4.2)."""
        url = f"{self.url}/{protocol}/{room}" + ("?takeover=1" if takeover else "")
        status, headers, body = await self.request("POST", url, offer, {"Content-Type": SDP, "Accept": SDP})
        location = headers.get("Location")
        if status != 201 or not location:
            raise UserError(
                502, "not_whip", f"{url} answered {status} without a session; is it a {protocol.upper()} endpoint?"
            )
        return HttpSession(self, urljoin(url, location), body, headers.get("ETag"))

    async def request(
        self, method: str, url: str, body: str | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, aiohttp.typedefs.LooseHeaders, str]:
        """One request. Returns status, headers and body of a 2xx or 3xx answer, raises `UserError` for all else."""
        try:
            async with self._http.request(method, url, data=body, headers=headers) as response:
                raw = await response.content.read(MAX_ANSWER_BYTES)
                text = raw.decode("utf-8", "replace")
                if response.status >= 400:
                    raise _problem(response.status, response.content_type, text, url)
                return response.status, response.headers.copy(), text
        except aiohttp.ServerFingerprintMismatch as error:
            raise UserError(
                502, "tls_untrusted", f"{self.url} shows another certificate than it should; restart the server."
            ) from error
        except aiohttp.ClientConnectorCertificateError as error:
            raise UserError(
                502,
                "tls_untrusted",
                f"The certificate of {self.url} is not trusted ({error.certificate_error}); "
                f"fetch {self.url}/ca.crt from a trusted machine and name it with --ca.",
            ) from error
        except aiohttp.ClientError as error:
            raise UserError(
                503, "unreachable", f"{self.url} cannot be reached ({error}); check the address and that it serves."
            ) from error
        except TimeoutError as error:
            raise UserError(503, "unreachable", f"{self.url} did not answer in time; try again in a moment.") from error


class HttpSession:
    """One session's resource at the server.

    :ivar url: absolute URL of the session, a secret.
    :ivar answer: the SDP answer.
    :ivar etag: names the ICE generation (RFC 9725 §4.3.1); None when the server gave none.
    """

    def __init__(self, client: SignallingClient, url: str, answer: str, etag: str | None) -> None:
        self._client = client
        self.url = url
        self.answer = answer
        self.etag = etag

    async def restart_ice(self, ufrag: str, password: str) -> IceParameters:
        """PATCH new ICE credentials of ours, get the server's (RFC 9725 §4.3.3)."""
        fragment = f"a=ice-ufrag:{ufrag}\r\na=ice-pwd:{password}\r\n"
        headers = {"Content-Type": SDP_FRAGMENT, "If-Match": self.etag or '"*"'}
        _, answered, body = await self._client.request("PATCH", self.url, fragment, headers)
        self.etag = answered.get("ETag", self.etag)
        lines = [line.strip() for line in body.splitlines()]

        def values(name: str) -> list[str]:
            return [line.removeprefix(f"a={name}:") for line in lines if line.startswith(f"a={name}:")]

        ufrags, passwords = values("ice-ufrag"), values("ice-pwd")
        if not ufrags or not passwords:
            raise UserError(502, "not_whip", "The server answered the ICE restart without credentials; open it anew.")
        return IceParameters(ufrags[0], passwords[0], tuple(values("candidate")))

    async def delete(self) -> None:
        """End the session (RFC 9725 §4.2). One that is gone already is no error."""
        try:
            await self._client.request("DELETE", self.url)
        except UserError as error:
            if error.status != 404:
                raise


def _problem(status: int, content_type: str, text: str, url: str) -> UserError:
    """RFC 9457 problem details as an exception."""
    if content_type == "application/problem+json":
        try:
            problem = json.loads(text)
            return UserError(status, str(problem["code"]), str(problem["detail"]))
        except (ValueError, KeyError, TypeError):
            pass  # a proxy's own idea of a problem: fall through to the plain sentence
    return UserError(status, "http_error", f"{url} answered {status}; check the address and the room.")

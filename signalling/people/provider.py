"""The OpenID provider, as a client sees it: its discovery document, its keys, its token endpoint.

https://openid.net/specs/openid-connect-core-1_0.html, https://openid.net/specs/openid-connect-discovery-1_0.html
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlsplit

import aiohttp
import structlog
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry

from mediaserver.api import UserError

log = structlog.get_logger("signalling.people")

ALGORITHMS = ("RS256", "PS256", "ES256", "ES384")
"""Of ID tokens. Neither `none` nor the HMACs, which a client's secret could forge."""
KEEP_S = 3600.0
"""How long the discovery document and the keys are believed."""
KEYS_S = 60.0
"""Keys of an unknown id are asked for so often at most."""
LEEWAY_S = 60
DOWN_S = 5.0
"""After it did not answer nobody waits for it again so long."""
MAX_BYTES = 256 * 1024
TIMEOUT = aiohttp.ClientTimeout(total=10, connect=3)


@dataclass(frozen=True, slots=True)
class Metadata:
    """What we use of OpenID Provider Metadata (Discovery §3). :ivar says_iss: RFC 9207 §3."""

    authorization: str
    token: str
    keys: str
    userinfo: str | None
    auth_methods: tuple[str, ...]
    says_iss: bool


class Provider:
    """:param secret: of a confidential client; None for a public one, which PKCE alone protects."""

    def __init__(self, issuer: str, client_id: str, secret: str | None) -> None:
        self.issuer = issuer
        self.client_id = client_id
        self._secret = secret
        self._http: aiohttp.ClientSession | None = None
        self._down_since = float("-inf")
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._lock = asyncio.Lock()

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()

    async def metadata(self, now: float) -> Metadata:
        """:raises UserError: 503 `oidc_unavailable`."""
        async with self._lock:
            if self._metadata is None or not 0 <= now - self._metadata[0] < KEEP_S:
                if 0 <= now - self._down_since < DOWN_S:
                    raise _unavailable("did not answer a moment ago")
                try:
                    document = await self._json("GET", f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
                except UserError:
                    self._down_since = now
                    raise
                self._metadata = now, self._read(document)
            return self._metadata[1]

    def _read(self, document: dict[str, Any]) -> Metadata:
        if document.get("issuer") != self.issuer:  # Discovery §4.3
            raise _unavailable("names another issuer than oidc.issuer")
        methods = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        userinfo = document.get("userinfo_endpoint")
        return Metadata(
            self._address(document.get("authorization_endpoint")),
            self._address(document.get("token_endpoint")),
            self._address(document.get("jwks_uri")),
            self._address(userinfo) if userinfo is not None else None,
            tuple(map(str, methods)) if isinstance(methods, list) else (),
            document.get("authorization_response_iss_parameter_supported") is True,
        )

    def _address(self, value: object) -> str:
        """An endpoint; HTTP only where the issuer itself is, which the configuration allows on this machine alone."""
        schemes = ("https", "http") if self.issuer.startswith("http:") else ("https",)
        if not isinstance(value, str) or urlsplit(value).scheme not in schemes or not urlsplit(value).hostname:
            raise _unavailable("has an endpoint that cannot be used")
        return value

    async def redeem(self, now: float, code: str, verifier: str, redirect_uri: str) -> dict[str, Any]:
        """Exchange a code for tokens (Core §3.1.3). :raises UserError: 401 `oidc_refused`, 503 `oidc_unavailable`."""
        metadata = await self.metadata(now)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        headers = {}
        if self._secret is None:
            form["client_id"] = self.client_id
        elif "client_secret_basic" in metadata.auth_methods or "client_secret_post" not in metadata.auth_methods:
            pair = f"{quote_plus(self.client_id)}:{quote_plus(self._secret)}"  # RFC 6749 §2.3.1
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": self.client_id, "client_secret": self._secret}
        return await self._json("POST", metadata.token, headers=headers, data=form)

    async def claims(self, now: float, id_token: object, nonce: str) -> dict[str, Any]:
        """Check an ID token (Core §3.1.3.7). :raises UserError: 401 `oidc_refused`, 503 `oidc_unavailable`."""
        if not isinstance(id_token, str) or len(id_token) > MAX_BYTES:
            raise refused("has sent no ID token")
        wanted = JWTClaimsRegistry(
            now=int(now),
            leeway=LEEWAY_S,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            try:
                claims = jwt.decode(id_token, await self._key_set(now), ALGORITHMS).claims
            except InvalidKeyIdError:  # the provider has changed its keys
                claims = jwt.decode(id_token, await self._key_set(now, older=KEYS_S), ALGORITHMS).claims
            wanted.validate(claims)
        except (JoseError, ValueError, TypeError) as error:
            raise refused("has sent an ID token that is not valid", type(error).__name__) from None
        if claims.get("azp", self.client_id) != self.client_id:
            raise refused("has sent an ID token for another client")
        return claims

    async def userinfo(self, now: float, access_token: object) -> dict[str, Any]:
        """What it tells of the person (Core §5.3); nothing when it has no such endpoint."""
        address = (await self.metadata(now)).userinfo
        if address is None or not isinstance(access_token, str):
            return {}
        return await self._json("GET", address, headers={"Authorization": f"Bearer {access_token}"})

    async def _key_set(self, now: float, older: float = KEEP_S) -> KeySet:
        """Its keys, not older than `older`."""
        metadata = await self.metadata(now)
        async with self._lock:
            if self._keys is None or not 0 <= now - self._keys[0] < older:
                document = await self._json("GET", metadata.keys)
                try:
                    self._keys = now, KeySet.import_key_set(document)  # type: ignore[arg-type]
                except (JoseError, ValueError, TypeError, KeyError):
                    raise _unavailable("has keys that cannot be read") from None
            return self._keys[1]

    async def _json(
        self,
        method: str,
        address: str,
        *,
        headers: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        if self._http is None:
            self._http = aiohttp.ClientSession(timeout=TIMEOUT, cookie_jar=aiohttp.DummyCookieJar())
        try:
            async with self._http.request(
                method,
                address,
                headers={"Accept": "application/json", **(headers or {})},
                data=data,
                allow_redirects=False,
            ) as response:
                body = b""
                async for chunk in response.content.iter_any():
                    body += chunk
                    if len(body) > MAX_BYTES:
                        raise _unavailable("answers at too great length")
                if 400 <= response.status < 500 and method == "POST":
                    raise refused("has refused the code", _error(body))
                if response.status != 200:
                    raise _unavailable(f"answers {response.status}")
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _unavailable(f"cannot be reached ({type(error).__name__})") from None
        try:
            document = json.loads(body)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise _unavailable("answers something else than JSON")
        return document


def _error(body: bytes) -> str:
    """The `error` of an OAuth answer, if it is one of the kind that RFC 6749 §5.2 allows."""
    try:
        error = json.loads(body)["error"]
    except (ValueError, KeyError, TypeError):
        return ""
    return error if isinstance(error, str) and error.isidentifier() and len(error) <= 64 else ""


def _unavailable(why: str) -> UserError:
    log.warning("oidc_unavailable", why=why)
    return UserError(
        503, "oidc_unavailable", f"The sign-in service {why}; try again later, or sign in with a password."
    )


def refused(why: str, error: str = "") -> UserError:
    log.warning("oidc_refused", why=why, error=error)
    return UserError(401, "oidc_refused", f"The sign-in service {why}; try again from the beginning.")

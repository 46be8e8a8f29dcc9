"""Signing in at somebody else's: OpenID Connect's authorization code flow with PKCE (RFC 7636, S256).

Nothing is kept here while the browser is at the provider. A cookie holds the time and a random value; state, nonce and
code verifier are computed from both with the server's secret. So whoever returns must be the browser that left, any
server of several can take it back, and what nobody returns from takes no memory.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.db import audit
from signalling.db.base import new_id
from signalling.db.engine import Database
from signalling.db.people import Person
from signalling.db.places import School
from signalling.people import sessions
from signalling.people.accounts import MAX_NAME, MAX_SUBJECT
from signalling.people.provider import Provider, refused
from signalling.people.refusals import Refusals
from signalling.people.sessions import Begun
from signalling.people.throttle import Throttle, network

LIMITS = {"address": "100 per 10 minute"}
"""Failures on the way back, each of which may have asked the provider something."""
FLOW_S = 600
MAX_CODE = 4096
_FLOW = re.compile(r"(\d{1,12})\.[A-Za-z0-9_-]{43}")


class Oidc:
    """:param create: make a person of whoever the provider knows and we do not; without a role.
    :param school: where such a person belongs, by id."""

    def __init__(
        self,
        database: Database,
        provider: Provider,
        refusals: Refusals,
        throttle: Throttle,
        secret: bytes,
        *,
        scopes: tuple[str, ...],
        create: bool,
        school: str | None,
    ) -> None:
        self._database = database
        self.provider = provider
        self._refusals = refusals
        self._throttle = throttle
        self._secret = secret
        self._scopes = scopes
        self._create = create
        self._school = school

    async def start(self, now: float, redirect_uri: str) -> tuple[str, str]:
        """Where to send the browser, and the cookie to give it. :raises UserError: 503 `oidc_unavailable`."""
        metadata = await self.provider.metadata(now)
        flow = f"{int(now)}.{secrets.token_urlsafe(32)}"
        challenge = hashlib.sha256(self._derive("verifier", flow).encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self.provider.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(self._scopes),
            "state": self._derive("state", flow),
            "nonce": self._derive("nonce", flow),
            "code_challenge": _base64(challenge),
            "code_challenge_method": "S256",
        }
        return f"{metadata.authorization}{'&' if '?' in metadata.authorization else '?'}{urlencode(query)}", flow

    async def finish(
        self,
        now: float,
        query: Mapping[str, str],
        flow: str,
        redirect_uri: str,
        *,
        address: str,
        agent: str,
        before: str | None,
    ) -> Begun:
        """Take the browser back and sign its person in.

        :param query: of the address that the provider sent it to. :param flow: the cookie of `start`.
        :raises UserError: 400 `oidc_state`, 401 `oidc_refused`, 403 `oidc_unknown` or `account_inactive`,
            429 `too_many_attempts`, 503 `oidc_unavailable`.
        """
        source = network(address)
        await self._throttle.check(address=source)
        try:
            claims = await self._claims(now, query, flow, redirect_uri)
            return await self._sign_in(now, claims, source, agent, before)
        except UserError as error:
            if error.status in (401, 403):
                await self._throttle.failed(address=source)
                await self._refusals.note(now, "login.failed", "unknown", {"code": error.code}, address=source)
            raise

    async def _claims(self, now: float, query: Mapping[str, str], flow: str, redirect_uri: str) -> dict[str, Any]:
        began = _FLOW.fullmatch(flow)
        state = self._derive("state", flow) if began else ""
        fresh = began is not None and 0 <= now - int(began[1]) <= FLOW_S
        if not fresh or not hmac.compare_digest(state.encode(), query.get("state", "").encode("utf-8", "replace")):
            raise UserError(
                400, "oidc_state", "This browser did not begin to sign in here, or began too long ago; begin again."
            )
        metadata = await self.provider.metadata(now)
        said = query.get("iss")  # RFC 9207: an answer of another provider is not mistaken for ours
        if said != self.provider.issuer and (said is not None or metadata.says_iss):
            raise refused("is not the one that was asked")
        if "error" in query:
            raise refused("did not sign you in")
        if not 1 <= len(query.get("code", "")) <= MAX_CODE:
            raise refused("has sent no code")
        tokens = await self.provider.redeem(now, query["code"], self._derive("verifier", flow), redirect_uri)
        claims = await self.provider.claims(now, tokens.get("id_token"), self._derive("nonce", flow))
        subject = claims["sub"]  # Core §2: ASCII
        if not (isinstance(subject, str) and subject.isascii() and subject.isprintable()):
            raise refused("names you in a way that cannot be stored")
        if not 1 <= len(subject) <= MAX_SUBJECT:
            raise refused("has too long a name for you")
        if self._create and not _name(claims):
            told = await self.provider.userinfo(now, tokens.get("access_token"))
            if told.get("sub") == claims["sub"]:  # Core §5.3.2
                claims = {**told, **claims}
        return claims

    async def _sign_in(self, now: float, claims: dict[str, Any], source: str, agent: str, before: str | None) -> Begun:
        async def work(session: AsyncSession) -> Begun:
            whose = (Person.issuer == self.provider.issuer, Person.subject == claims["sub"])
            person = await session.scalar(select(Person).where(*whose).with_for_update())
            if person is None:
                person = await self._new(session, now, claims)
            if not person.active:
                raise UserError(403, "account_inactive", "Your account here is out of use; ask an administrator.")
            begun = await sessions.begin(session, now, person.id, agent, before)
            await audit.append(
                session, int(now), person.id, "login.begun", person.id, {"from": source, "by": self.provider.issuer}
            )
            return begun

        try:
            return await self._database.run(work)
        except IntegrityError:  # made by another of her browsers at the same moment
            return await self._database.run(work)

    async def _new(self, session: AsyncSession, now: float, claims: dict[str, Any]) -> Person:
        if not self._create:
            raise UserError(
                403,
                "oidc_unknown",
                "The sign-in service knows you, but no account here is linked to it; ask an administrator to link one.",
            )
        if self._school is not None and await session.get(School, self._school) is None:
            raise UserError(
                503, "bad_config", "The school of the setting oidc.school does not exist; tell an operator."
            )
        person = Person(
            id=new_id(now),
            school=self._school,
            name=_name(claims) or claims["sub"][:MAX_NAME],
            issuer=self.provider.issuer,
            subject=claims["sub"],
            active=True,
        )
        session.add(person)
        await session.flush()
        detail = {"by": self.provider.issuer, "school": self._school}
        await audit.append(session, int(now), "oidc", "person.created", person.id, detail)
        return person

    def _derive(self, purpose: str, flow: str) -> str:
        """43 characters of base64url: what RFC 7636 §4.1 asks of a verifier."""
        key = hmac.digest(self._secret, b"oidc", "sha256")
        return _base64(hmac.digest(key, f"{purpose}:{flow}".encode(), "sha256"))


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _name(claims: Mapping[str, Any]) -> str:
    """What the provider calls her, made fit to be shown; empty when it does not say."""
    for claim in ("name", "preferred_username"):
        value = claims.get(claim)
        if isinstance(value, str):
            name = "".join(character for character in " ".join(value.split()) if character.isprintable())[:MAX_NAME]
            if name:
                return name
    return ""

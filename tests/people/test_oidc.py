"""What a provider may answer, and what of it is believed: forged tokens, changed keys, silence."""

from __future__ import annotations

import asyncio
import base64
import hmac
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from mediaserver.api import UserError
from signalling.db.engine import Database
from signalling.db.people import Person
from signalling.people import provider as module
from signalling.people.oidc import FLOW_S, Oidc
from signalling.people.provider import DOWN_S, KEEP_S, KEYS_S, Provider
from signalling.people.refusals import LIMITS, Refusals
from signalling.people.throttle import Memory, Throttle
from tests.people.conftest import NOW, Clock, audit_rows
from tests.people.test_accounts import code

CLIENT = "tongke"


class Fake:
    """A provider that answers what a test wants. :ivar asked: paths, in order."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.key: Any = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"})
        self.keys: dict[str, Any] | None = None
        self.document: dict[str, Any] = {}
        self.status = 200
        self.tokens: dict[str, Any] = {}
        self.form: dict[str, str] = {}
        self.authorization: str | None = None
        self.issuer = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        if self.status != 200:
            return web.json_response({"error": "invalid_grant"}, status=self.status)
        match request.path:
            case "/.well-known/openid-configuration":
                names = {"authorization_endpoint": "auth", "token_endpoint": "token", "jwks_uri": "keys"}
                document = {name: f"{self.issuer}/{path}" for name, path in names.items()}
                return web.json_response({"issuer": self.issuer, **document, **self.document})
            case "/keys":
                return web.json_response(
                    self.keys if self.keys is not None else KeySet([self.key]).as_dict(private=False)
                )
            case "/token":
                self.form = {name: str(value) for name, value in (await request.post()).items()}
                self.authorization = request.headers.get("Authorization")
                return web.json_response(self.tokens)
            case "/large":
                return web.Response(text="x" * 1_000_000)
            case "/moved":
                raise web.HTTPFound("/keys")
        raise web.HTTPNotFound

    def claims(self, **changed: Any) -> dict[str, Any]:
        claims = {"iss": self.issuer, "aud": CLIENT, "sub": "jia", "nonce": "n", "iat": NOW, "exp": NOW + 300}
        return {name: value for name, value in {**claims, **changed}.items() if value is not None}

    def sign(self, claims: dict[str, Any], alg: str = "RS256", key: Any = None) -> str:
        key = key or self.key
        return jwt.encode({"alg": alg, "kid": key.kid}, claims, key, algorithms=[alg])


def hmac_of(public_key: bytes, body: str) -> str:
    """Signed with what everybody has, in the hope that it is taken for a secret."""
    head = encoded(b'{"alg":"HS256","kid":"k1"}')
    signed = f"{head}.{body}"
    return f"{signed}.{encoded(hmac.digest(public_key, signed.encode(), 'sha256'))}"


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.fixture
async def fake() -> AsyncIterator[Fake]:
    made = Fake()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.handle)
    async with TestServer(app) as server:
        made.issuer = str(server.make_url("/")).rstrip("/")
        yield made


@pytest.fixture
async def client(fake: Fake) -> AsyncIterator[Provider]:
    made = Provider(fake.issuer, CLIENT, "geheim")
    yield made
    await made.close()


class TestIdTokens:
    async def test_a_good_one(self, fake: Fake, client: Provider) -> None:
        assert (await client.claims(NOW, fake.sign(fake.claims()), "n"))["sub"] == "jia"
        both = fake.claims(aud=[CLIENT, "other"], azp=CLIENT)
        assert (await client.claims(NOW, fake.sign(both), "n"))["aud"] == [CLIENT, "other"]

    @pytest.mark.parametrize(
        "changed",
        [
            {"iss": "https://other.example"},
            {"iss": None},
            {"aud": "other"},
            {"aud": ["other"]},
            {"aud": None},
            {"azp": "other"},
            {"nonce": "another's"},
            {"nonce": None},
            {"exp": NOW - 61},
            {"exp": None},
            {"exp": "tomorrow"},
            {"iat": NOW + 3600},
            {"nbf": NOW + 3600},
            {"sub": None},
            {"sub": 7},
        ],
        ids=str,
    )
    async def test_bad_claims(self, fake: Fake, client: Provider, changed: dict[str, Any]) -> None:
        assert await code(client.claims(NOW, fake.sign(fake.claims(**changed)), "n")) == "oidc_refused"

    async def test_forged_ones(self, fake: Fake, client: Provider) -> None:
        other = RSAKey.generate_key(2048, {"kid": "k1"})
        good = fake.sign(fake.claims())
        head, body, _ = good.split(".")
        none = "eyJhbGciOiJub25lIn0"
        for token in (
            fake.sign(fake.claims(), key=other),
            hmac_of(fake.key.as_pem(private=False), body),
            fake.sign(fake.claims(), "HS256", OctKey.import_key("geheim" * 8, {"kid": "k1"})),
            f"{none}.{body}.",
            f"{head}.{body}.",
            f"{head}.{body}.AAAA",
            *(
                f"{encoded(header)}.{body}.AAAA"
                for header in (
                    b'{"alg":"ES256","kid":"k1"}',
                    b'{"alg":"RS256","kid":7}',
                    b'{"alg":"RS256","kid":["k1"]}',
                    b'{"alg":["RS256"],"kid":"k1"}',
                    b'{"alg":"RS256","kid":"k1","crit":["b64"],"b64":false}',
                    b'{"alg":"RS256","kid":"k1","jwk":{"kty":"oct","k":"AAAA"}}',
                    b'{"kid":"k1"}',
                    b'["RS256"]',
                    b"7",
                    b"\xff",
                )
            ),
            f"{head}.{encoded(b'[]')}.AAAA",
            "a.b.c",
            "",
            None,
            7,
            "x" * 300_000,
        ):
            assert await code(client.claims(NOW, token, "n")) == "oidc_refused"

    async def test_changed_keys(self, fake: Fake, client: Provider) -> None:
        assert await client.claims(NOW, fake.sign(fake.claims()), "n")
        fake.key = ECKey.generate_key("P-256", {"kid": "k2", "use": "sig"})
        token = fake.sign(fake.claims(), "ES256")
        # Not at once: whoever invents ids of keys does not make us ask the provider each time.
        assert await code(client.claims(NOW + KEYS_S - 1, token, "n")) == "oidc_refused"
        assert fake.asked.count("/keys") == 1
        assert await client.claims(NOW + KEYS_S, token, "n")
        assert fake.asked.count("/keys") == 2


class TestDiscovery:
    async def test_it_is_kept_for_a_while(self, fake: Fake, client: Provider) -> None:
        for after in (0, 1, KEEP_S - 1):
            await client.metadata(NOW + after)
        assert len(fake.asked) == 1
        await client.metadata(NOW + KEEP_S)
        await client.metadata(NOW)  # the clock was set back
        assert len(fake.asked) == 3

    @pytest.mark.parametrize(
        "document",
        [
            {"issuer": "https://other.example"},
            {"issuer": None},
            {"token_endpoint": None},
            {"jwks_uri": "ftp://127.0.0.1/keys"},
            {"authorization_endpoint": "javascript:alert(1)"},
            {"authorization_endpoint": "https://"},
            {"jwks_uri": 7},
        ],
        ids=str,
    )
    async def test_odd_documents(self, fake: Fake, client: Provider, document: dict[str, Any]) -> None:
        fake.document = document
        assert await code(client.metadata(NOW)) == "oidc_unavailable"

    async def test_http_is_not_taken_from_an_https_issuer(self) -> None:
        client = Provider("https://id.example", CLIENT, None)
        with pytest.raises(UserError):
            client._address("http://id.example/token")
        assert client._address("https://id.example/token")

    @pytest.mark.parametrize("path", ["large", "moved", "nothing"])
    async def test_odd_answers(self, fake: Fake, client: Provider, path: str) -> None:
        fake.document = {"jwks_uri": f"{fake.issuer}/{path}"}
        assert await code(client.claims(NOW, fake.sign(fake.claims()), "n")) == "oidc_unavailable"

    @pytest.mark.parametrize(
        "keys", [{}, {"keys": []}, {"keys": "x"}, {"keys": [7]}, {"keys": [{"kty": "RSA"}]}, {"keys": None}], ids=str
    )
    async def test_odd_keys(self, fake: Fake, client: Provider, keys: dict[str, Any]) -> None:
        fake.keys = keys
        assert await code(client.claims(NOW, fake.sign(fake.claims()), "n")) == "oidc_unavailable"

    async def test_silence(self, fake: Fake, client: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
        fake.status = 500
        assert await code(client.metadata(NOW)) == "oidc_unavailable"
        fake.status = 200
        assert await code(client.metadata(NOW + DOWN_S - 1)) == "oidc_unavailable"
        assert len(fake.asked) == 1
        await client.metadata(NOW + DOWN_S)
        gone = Provider("http://127.0.0.1:9", CLIENT, None)
        try:
            assert await code(gone.metadata(NOW)) == "oidc_unavailable"
        finally:
            await gone.close()


class TestTokens:
    @pytest.mark.parametrize(
        ("secret", "methods", "authorization", "in_form"),
        [
            ("geheim", None, "Basic dG9uZ2tlOmdlaGVpbQ==", set()),
            ("ge heim", ["client_secret_basic"], "Basic dG9uZ2tlOmdlK2hlaW0=", set()),
            ("geheim", ["client_secret_post"], None, {"client_id", "client_secret"}),
            (None, ["none"], None, {"client_id"}),
        ],
    )
    async def test_how_the_client_says_who_it_is(
        self, fake: Fake, secret: str | None, methods: list[str] | None, authorization: str | None, in_form: set[str]
    ) -> None:
        if methods is not None:
            fake.document = {"token_endpoint_auth_methods_supported": methods}
        fake.tokens = {"id_token": "x"}
        client = Provider(fake.issuer, CLIENT, secret)
        try:
            assert await client.redeem(NOW, "c", "v", "https://here/cb") == {"id_token": "x"}
        finally:
            await client.close()
        assert fake.authorization == authorization
        said = {"grant_type", "code", "code_verifier", "redirect_uri"}
        assert set(fake.form) == said | in_form and fake.form["code_verifier"] == "v"

    async def test_a_code_that_is_refused(self, fake: Fake, client: Provider) -> None:
        await client.metadata(NOW)
        fake.status = 400
        assert await code(client.redeem(NOW, "c", "v", "https://here/cb")) == "oidc_refused"


@pytest.fixture
def oidc(database: Database, client: Provider, clock: Clock) -> Oidc:
    refusals = Refusals(database, Throttle("refusals", clock, LIMITS, Memory(clock)))
    throttle = Throttle("oidc", clock, {"address": "3 per 10 minute"}, Memory(clock))
    return Oidc(database, client, refusals, throttle, b"s" * 64, scopes=("openid",), create=True, school=None)


async def finish(oidc: Oidc, fake: Fake, flow: str, after: float = 1.0, **changed: Any) -> Any:
    nonce = oidc._derive("nonce", flow)
    fake.tokens = {"id_token": fake.sign(fake.claims(nonce=nonce, **changed)), "access_token": "a"}
    query = {"code": "c", "state": oidc._derive("state", flow)}
    return await oidc.finish(NOW + after, query, flow, "https://here/cb", address="192.0.2.1", agent="", before=None)


async def test_a_way_back_ends(oidc: Oidc, fake: Fake) -> None:
    _, flow = await oidc.start(NOW, "https://here/cb")
    assert await code(finish(oidc, fake, flow, after=-1)) == "oidc_state"
    assert await code(finish(oidc, fake, flow, after=FLOW_S + 1)) == "oidc_state"
    later = f"{int(NOW) + 500}.{flow.partition('.')[2]}"
    _, other = await oidc.start(NOW, "https://here/cb")
    for forged in ("", ".", "x", flow[:-1], flow + "x", f"{int(NOW)}.{'ü' * 43}"):
        assert await code(finish(oidc, fake, forged)) == "oidc_state"
    query = {"code": "c", "state": oidc._derive("state", flow)}
    for cookie in (later, other):
        work = oidc.finish(NOW + 501, query, cookie, "https://here/cb", address="", agent="", before=None)
        assert await code(work) == "oidc_state"
    assert (await finish(oidc, fake, flow)).cookie


async def test_another_servers_secret_is_another_state(oidc: Oidc, database: Database, client: Provider) -> None:
    other = Oidc(
        database, client, oidc._refusals, oidc._throttle, b"t" * 64, scopes=("openid",), create=True, school=None
    )
    _, flow = await oidc.start(NOW, "https://here/cb")
    assert len({it._derive(purpose, flow) for it in (oidc, other) for purpose in ("state", "nonce", "verifier")}) == 6


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"name": "教师\u3000甲"}, "教师 甲"),
        ({"name": "a\0b" * 100}, ("ab" * 100)[:120]),
        ({"name": 7, "preferred_username": "jia"}, "jia"),
        ({}, "jia"),
    ],
)
async def test_names(oidc: Oidc, fake: Fake, database: Database, claims: dict[str, Any], name: str) -> None:
    _, flow = await oidc.start(NOW, "https://here/cb")
    begun = await finish(oidc, fake, flow, **claims)
    async with database.read() as session:
        person = await session.get(Person, begun.person)
    assert person is not None and person.name == name


async def test_whoever_fails_often_has_to_wait(oidc: Oidc, fake: Fake, clock: Clock) -> None:
    _, flow = await oidc.start(NOW, "https://here/cb")
    for _ in range(3):
        assert await code(finish(oidc, fake, flow, aud="other")) == "oidc_refused"
    asked = len(fake.asked)
    assert await code(finish(oidc, fake, flow)) == "too_many_attempts"
    assert len(fake.asked) == asked
    clock.now += 600
    assert (await finish(oidc, fake, flow)).cookie


async def test_two_browsers_at_the_first_time(oidc: Oidc, database: Database) -> None:
    begun = await asyncio.gather(*(oidc._sign_in(NOW, {"sub": "jia"}, "192.0.2.1", "", None) for _ in range(5)))
    assert len({it.person for it in begun}) == 1 and len({it.cookie for it in begun}) == 5
    assert [row[1] for row in await audit_rows(database)] == ["person.created"] + ["login.begun"] * 5


@pytest.mark.parametrize("sub", ["x" * 201, "", "a\0", "王"], ids=repr)
async def test_subjects_that_cannot_be_stored(oidc: Oidc, fake: Fake, database: Database, sub: str) -> None:
    _, flow = await oidc.start(NOW, "https://here/cb")
    assert await code(finish(oidc, fake, flow, sub=sub)) == "oidc_refused"
    assert [row[1] for row in await audit_rows(database)] == ["login.failed"]


async def test_a_school_that_is_not_there(oidc: Oidc, fake: Fake) -> None:
    oidc._school = "nothing"
    _, flow = await oidc.start(NOW, "https://here/cb")
    assert await code(finish(oidc, fake, flow)) == "bad_config"


def test_no_algorithm_that_a_client_could_forge() -> None:
    assert not any(name == "none" or name.startswith("HS") for name in module.ALGORITHMS)

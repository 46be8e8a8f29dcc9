"""WHIP and WHEP over a real socket (RFC 9725, draft-ietf-wish-whep)."""

from __future__ import annotations

import time
from typing import Any

import pytest

from mediaserver import api
from signalling import tokens
from signalling.config import IceServer
from signalling.whip import MAX_BODY, link
from tests.signalling.conftest import School
from tests.signalling.fakes import OFFER, SERVER_PASSWORD, SERVER_UFRAG

FRAGMENT = "application/trickle-ice-sdpfrag"


async def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.status == status
    assert response.content_type == "application/problem+json"
    document = await response.json()
    assert document["code"] == code and document["status"] == status and document["type"] == f"about:blank#{code}"
    assert document["detail"].endswith((".", ")"))
    return document


@pytest.mark.parametrize(("path", "role", "kind"), [("/whip", "lead", api.Publish), ("/whep", "staff", api.Subscribe)])
async def test_offer_is_answered_with_a_resource(school: School, path: str, role: str, kind: type) -> None:
    response = await school.post(f"{path}/r1", role, OFFER)
    assert response.status == 201
    assert response.content_type == "application/sdp"
    assert await response.text() == "v=0\r\n"
    session = school.media.session_of(role)
    assert response.headers["Location"] == f"{path}/r1/{session}"
    assert response.headers["ETag"] == '"gen1"'
    assert response.headers["Accept-Patch"] == FRAGMENT
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    [command] = school.media.of(kind)
    assert (command.room, command.participant, command.role, command.offer) == ("r1", role, role, OFFER)


async def test_ice_servers_are_linked(open_school: Any) -> None:
    servers = [{"url": "stun:stun.example.org"}, {"url": "turn:t.example.org", "username": "u", "credential": "c"}]
    school = await open_school(media={"ice_servers": servers})
    response = await school.post("/whip/r1", "lead", OFFER)
    assert response.headers.getall("Link") == [
        '<stun:stun.example.org>; rel="ice-server"',
        '<turn:t.example.org>; rel="ice-server"; username="u"; credential="c"; credential-type="password"',
    ]
    assert link(IceServer(url="stun:stun.example.org")) == '<stun:stun.example.org>; rel="ice-server"'


async def test_token_narrows_the_sources(school: School) -> None:
    headers = {**school.bearer("lead", publish=["microphone"]), "Content-Type": "application/sdp"}
    assert (await school.http.post("/whip/r1", data=OFFER, headers=headers)).status == 201
    assert (await school.post("/whip/r1", "classroom", OFFER)).status == 201
    first, second = school.media.of(api.Publish)
    assert first.sources == {"microphone"}
    assert second.sources == {"camera", "microphone"}


async def test_who_may_not_publish_or_watch(school: School) -> None:
    for role in ("assistant", "staff", "supervisor", "admin"):
        await problem(await school.post("/whip/r1", role, OFFER), 403, "forbidden_role")
    secret = tokens.load_secret(school.server.config.secret_file)
    deaf = tokens.mint(secret, room="r1", role="staff", subscribe=False, now=time.time())
    headers = {"Authorization": f"Bearer {deaf}", "Content-Type": "application/sdp"}
    await problem(await school.http.post("/whep/r1", data=OFFER, headers=headers), 403, "forbidden_role")
    assert school.media.commands == []


async def test_tokens_are_checked(school: School) -> None:
    sdp = {"Content-Type": "application/sdp"}
    response = await school.http.post("/whip/r1", data=OFFER, headers=sdp)
    await problem(response, 401, "token_missing")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    forged = {**sdp, "Authorization": f"Bearer {tokens.mint(b'x' * 32, room='r1', role='lead', now=time.time())}"}
    await problem(await school.http.post("/whip/r1", data=OFFER, headers=forged), 401, "token_invalid")
    secret = tokens.load_secret(school.server.config.secret_file)
    old = tokens.mint(secret, room="r1", role="lead", now=time.time() - 7200, hours=1)
    expired = {**sdp, "Authorization": f"Bearer {old}"}
    await problem(await school.http.post("/whip/r1", data=OFFER, headers=expired), 401, "token_expired")
    await problem(await school.post("/whip/other", "lead", OFFER), 403, "wrong_room")


async def test_bad_bodies(school: School) -> None:
    wrong = await school.post("/whip/r1", "lead", OFFER, headers={"Content-Type": "application/json"})
    await problem(wrong, 415, "not_sdp")
    await problem(await school.post("/whip/r1", "lead", "v=0\r\n" + "a" * MAX_BODY), 413, "too_large")
    await problem(await school.post("/whip/r1", "lead", b"v=0\r\n\xff\xfe"), 400, "bad_sdp")
    await problem(await school.post("/whip/r1", "lead", "hello"), 400, "bad_sdp")

    async def chunks() -> Any:
        for _ in range(9):
            yield b"v=0\r\n" + b"a" * 8192

    await problem(await school.post("/whip/r1", "lead", chunks()), 413, "too_large")


async def test_second_lead_is_refused_or_takes_over(school: School) -> None:
    assert (await school.post("/whip/r1", "lead", OFFER, "first")).status == 201
    await problem(await school.post("/whip/r1", "lead", OFFER, "second"), 409, "room_has_lead")
    assert (await school.post("/whip/r1?takeover=1", "lead", OFFER, "second")).status == 201
    assert [command.participant for command in school.media.sessions.values()] == ["second"]


class TestPatch:
    @pytest.fixture
    async def resource(self, school: School) -> str:
        return (await school.post("/whip/r1", "lead", OFFER)).headers["Location"]

    async def patch(self, school: School, url: str, body: str, **headers: str) -> Any:
        sent = {**school.bearer("lead"), "Content-Type": FRAGMENT, **headers}
        return await school.http.patch(url, data=body, headers=sent)

    @pytest.mark.parametrize(
        "body",
        [
            "a=candidate:1 1 udp 1 192.0.2.7 9 typ host\r\n",
            "a=ice-ufrag:clnt\r\na=ice-pwd:clientclientclientclient\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n"
            "a=candidate:1 1 udp 1 192.0.2.7 9 typ host\r\na=end-of-candidates\r\n",
        ],
    )
    async def test_trickle(self, school: School, resource: str, body: str) -> None:
        assert (await self.patch(school, resource, body)).status == 204
        assert (await self.patch(school, resource, body, **{"If-Match": '"gen1"'})).status == 204
        stale = await self.patch(school, resource, body, **{"If-Match": '"gen0"'})
        await problem(stale, 412, "ice_generation")
        assert school.media.of(api.RestartIce) == []

    @pytest.mark.parametrize("condition", ['"*"', "*", '"gen1"', 'W/"gen0", "gen1"'])
    async def test_restart(self, school: School, resource: str, condition: str) -> None:
        body = (
            "a=group:BUNDLE 0 1\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n"
            "a=ice-ufrag:newu\r\na=ice-pwd:newnewnewnewnewnewnewne\r\n"
        )
        response = await self.patch(school, resource, body, **{"If-Match": condition})
        assert response.status == 200
        assert response.content_type == FRAGMENT
        assert response.headers["ETag"] == '"gen2"'
        assert (await response.text()).split("\r\n") == [
            "a=ice-lite",
            "a=group:BUNDLE 0 1",
            "m=video 9 UDP/TLS/RTP/SAVPF 96",
            "a=mid:0",
            f"a=ice-ufrag:{SERVER_UFRAG}",
            f"a=ice-pwd:{SERVER_PASSWORD}",
            "a=candidate:1 1 udp 1 192.0.2.1 5 typ host",
            "a=end-of-candidates",
            "",
        ]
        [command] = school.media.of(api.RestartIce)
        assert command.session == resource.rsplit("/")[-1]
        again = await self.patch(school, resource, body, **{"If-Match": '"gen1"'})
        await problem(again, 412, "ice_generation")
        assert (await self.patch(school, resource, body)).status == 204  # its own credentials by now

    async def test_restart_needs_a_condition(self, school: School, resource: str) -> None:
        body = "a=ice-ufrag:newu\r\na=ice-pwd:newnewnewnewnewnewnewne\r\n"
        await problem(await self.patch(school, resource, body), 428, "ice_generation")

    async def test_bad_fragments(self, school: School, resource: str) -> None:
        await problem(await self.patch(school, resource, "nonsense"), 400, "bad_sdp")
        wrong = await self.patch(school, resource, OFFER, **{"Content-Type": "application/sdp"})
        await problem(wrong, 415, "not_sdp")

    async def test_only_its_own_participant_finds_it(self, school: School, resource: str) -> None:
        other = school.bearer("lead", "other")
        await problem(await school.http.delete(resource, headers=other), 404, "not_found")
        through_whep = resource.replace("/whip/", "/whep/")
        await problem(await school.http.delete(through_whep, headers=school.bearer("lead")), 404, "not_found")
        assert len(school.media.sessions) == 1

    async def test_delete(self, school: School, resource: str) -> None:
        response = await school.http.delete(resource, headers=school.bearer("lead"))
        assert response.status == 200 and await response.read() == b""
        assert school.media.sessions == {} and school.server.signalling.rooms.sessions == {}
        again = await school.http.delete(resource, headers=school.bearer("lead"))
        await problem(again, 404, "not_found")


async def test_options_need_no_token(school: School) -> None:
    for path in ("/whip/r1", "/whep/r1", "/whip/r1/session"):
        response = await school.http.options(path)
        assert response.status == 204
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "If-Match" in response.headers["Access-Control-Allow-Headers"]
        assert "PATCH" in response.headers["Access-Control-Allow-Methods"]
    assert (await school.http.options("/whip/r1")).headers["Accept-Post"] == "application/sdp"


async def test_other_verbs_are_problems(school: School) -> None:
    response = await school.http.get("/whip/r1", headers=school.bearer("lead"))
    await problem(response, 405, "method_not_allowed")
    assert "POST" in response.headers["Allow"]


async def test_muted_classroom_stays_muted_when_it_publishes_again(school: School) -> None:
    lead = await school.joined("lead")
    await school.joined("classroom")
    await lead.say("mute", participant="classroom", muted=True)
    await lead.until("participant", lambda message: message["participant"]["muted"])
    await school.post("/whip/r1", "classroom", OFFER)
    assert [(mute.participant, mute.muted) for mute in school.media.of(api.Mute)] == [("classroom", True)] * 2

"""The WebSocket over a real socket: who hears what, and how connections end."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import aiohttp
import pytest

from mediaserver import api
from signalling import tokens, ws
from signalling.ws import Allowance, Connection
from tests.signalling.conftest import Page, School
from tests.signalling.fakes import OFFER

METRICS = "tongke_ws_dropped_total"


def people(welcome: dict[str, Any]) -> set[str]:
    return {participant["id"] for participant in welcome["participants"]}


async def dropped(school: School, reason: str) -> float:
    value = school.server.signalling.metrics.registry.get_sample_value(METRICS, {"reason": reason})
    return value or 0.0


class TestHello:
    async def test_welcome_is_the_complete_state(self, school: School) -> None:
        before = time.time() * 1000
        page = await school.page("lead")
        welcome = await page.next()
        assert before - 1 <= welcome.pop("now") <= time.time() * 1000
        since = welcome["lesson"].pop("since")
        assert before - 1 <= since <= time.time() * 1000
        assert welcome == {
            "t": "welcome",
            "v": 1,
            "participant": "lead",
            "role": "lead",
            "name": "Name of lead",
            "room": "r1",
            "lesson": {"state": "waiting", "lead": "lead"},
            "called": None,
            "captions": False,
            "participants": [
                {
                    "id": "lead",
                    "name": "Name of lead",
                    "role": "lead",
                    "online": True,
                    "hand": False,
                    "muted": False,
                    "display": None,
                    "tracks": [],
                }
            ],
        }

    @pytest.mark.parametrize(
        "first",
        ["", "no json", "[]", '{"v":1}', '{"t":"ping","id":1}', '{"t":"hello"}', '{"t":"hello","v":2,"token":""}'],
    )
    async def test_anything_else_closes(self, school: School, first: str) -> None:
        page = await school.stranger()
        await page.ws.send_str(first)
        assert await page.closed() == 4400

    async def test_binary_closes(self, school: School) -> None:
        page = await school.stranger()
        await page.ws.send_bytes(b"\x00")
        assert await page.closed() == 4400

    async def test_bad_tokens_close(self, school: School) -> None:
        secret = tokens.load_secret(school.server.config.secret_file)
        old = tokens.mint(secret, room="r1", role="lead", now=time.time() - 7200, hours=1)
        for token, code in (("", "token_missing"), ("x.y.z", "token_invalid"), (old, "token_expired")):
            page = await school.stranger()
            await page.say("hello", v=1, token=token)
            assert await page.closed() == 4401
            assert page.read == [{"t": "bye", "reason": code, "retry_after_ms": None}]

    async def test_silence_closes(self, school: School, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(school.server.signalling.sockets, "_hello_timeout", 0.05)
        page = await school.stranger()
        assert await page.closed() == 4400

    async def test_a_dead_line_is_noticed(self, school: School, monkeypatch: pytest.MonkeyPatch) -> None:
        lead = await school.joined("lead")
        monkeypatch.setattr(ws, "HEARTBEAT_S", 0.05)
        dead = Page(await school.http.ws_connect("/ws", autoping=False))
        await dead.say("hello", v=1, token=school.server.token("r1", "staff", id="dead"))
        assert (await lead.until("participant"))["participant"]["id"] == "dead"
        assert (await lead.until("left"))["id"] == "dead"

    async def test_strangers_are_limited(self, school: School, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ws, "MAX_STRANGERS", 1)
        stranger = await school.stranger()
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await school.http.ws_connect("/ws")
        assert refused.value.status == 503
        assert await dropped(school, "strangers") == 1
        await stranger.ws.close()


class TestPresence:
    async def test_joining_and_leaving(self, school: School) -> None:
        lead = await school.joined("lead")
        room = await school.joined("classroom", "c1")
        joined = await lead.until("participant")
        assert joined["participant"]["id"] == "c1" and joined["participant"]["online"] is True
        await room.ws.close()
        assert (await lead.until("left"))["id"] == "c1"

    async def test_media_alone_is_presence(self, school: School) -> None:
        lead = await school.joined("lead")
        location = (await school.post("/whep/r1", "staff", OFFER, "s1")).headers["Location"]
        there = (await lead.until("participant"))["participant"]
        assert there["id"] == "s1" and there["online"] is False
        await school.http.delete(location, headers=school.bearer("staff", "s1"))
        assert (await lead.until("left"))["id"] == "s1"

    async def test_classrooms_see_the_lead_themselves_and_the_called_one(self, school: School) -> None:
        lead = await school.joined("lead")
        first = await school.joined("classroom", "c1")
        second = await school.page("classroom", "c2")
        assert people(await second.next()) == {"lead", "c2"}
        assert people(await (await school.page("staff", "s1")).next()) == {"lead", "c1", "c2", "s1"}
        assert [message["t"] for message in await first.since_now()] == []

        await lead.say("call", participant="c1")
        told = [await second.next(), await second.next()]
        assert [(message["t"], message["participant"]) for message in told][1] == ("called", "c1")
        assert told[0]["participant"]["id"] == "c1"
        await lead.say("call", participant=None)
        told = [await second.next(), await second.next()]
        assert [message["t"] for message in told] == ["called", "left"]
        assert people(await (await school.page("classroom", "c3")).next()) == {"lead", "c3"}

    async def test_rooms_are_apart(self, school: School) -> None:
        lead = await school.joined("lead")
        await school.joined("classroom", "c1", room="r2")
        assert await lead.since_now() == []

    async def test_same_participant_replaces_its_connection(self, school: School) -> None:
        lead = await school.joined("lead")
        old = await school.joined("classroom", "c1")
        await lead.until("participant")
        new = await school.joined("classroom", "c1")
        assert await old.closed() == 4409
        assert old.read[-1] == {"t": "bye", "reason": "replaced", "retry_after_ms": None}
        assert all(message["t"] != "left" for message in await lead.since_now())
        await new.say("hand", up=True)
        assert (await lead.until("participant"))["participant"]["hand"] is True

    async def test_tracks_are_told(self, school: School) -> None:
        lead = await school.joined("lead")
        await school.post("/whip/r1", "classroom", OFFER, "c1")
        school.media.send("c1", active=True)
        told = await lead.until("participant", lambda message: bool(message["participant"]["tracks"]))
        assert told["participant"]["tracks"] == [
            {"source": "camera", "kind": "video", "codec": "VP8", "active": True, "muted": False}
        ]


class TestLesson:
    async def test_live_interrupted_live_ended_and_live_again(self, school: School) -> None:
        room = await school.joined("classroom", "c1")
        lead = await school.joined("lead")

        async def state() -> tuple[str, str | None]:
            lesson = (await room.until("lesson"))["lesson"]
            return lesson["state"], lesson["lead"]

        assert await state() == ("waiting", "lead")
        await school.post("/whip/r1", "lead", OFFER)
        school.media.send("lead", active=True)
        assert await state() == ("live", "lead")
        school.media.send("lead", active=False)
        assert await state() == ("interrupted", "lead")
        school.media.send("lead", active=True)
        assert await state() == ("live", "lead")
        await lead.say("end")
        assert await state() == ("ended", "lead")
        assert {message["t"] for message in await room.since_now()} == {"participant"}
        [closed] = school.media.of(api.CloseRoom)
        assert (closed.room, closed.reason) == ("r1", "room_ended")
        assert (await lead.until("session", lambda message: message["state"] == "closed"))["reason"] == "room_ended"
        await school.post("/whip/r1", "lead", OFFER)
        school.media.send("lead", active=True)
        assert await state() == ("live", "lead")


class TestCommands:
    async def test_roles_cannot_do_each_others_work(self, school: School) -> None:
        room = await school.joined("classroom", "c1")
        await room.say("end")
        error = await room.until("error")
        assert (error["code"], error["re"]) == ("forbidden_role", "end")
        lead = await school.joined("lead")
        await lead.say("hand", up=True)
        assert (await lead.until("error"))["re"] == "hand"
        assert school.media.commands == []

    async def test_refusals_keep_the_connection(self, school: School) -> None:
        lead = await school.joined("lead")
        for text, re in (
            ('{"t":"fly"}', "fly"),
            ('{"t":"call"}', "call"),
            ('{"t":"mute","participant":null,"muted":"yes"}', "mute"),
            ('{"t":"call","participant":"nobody"}', "call"),
            ('{"t":"call","participant":"lead"}', "call"),
            ('{"t":"hello","v":1,"token":"x"}', "hello"),
        ):
            await lead.ws.send_str(text)
            error = await lead.until("error")
            assert error["re"] == re and error["detail"].endswith(".")
        await lead.ws.send_str('{"t":"ping","id":7,"more":1}')
        assert (await lead.until("pong"))["id"] == 7

    async def test_unreadable_closes(self, school: School) -> None:
        lead = await school.joined("lead")
        await lead.ws.send_str("{")
        assert await lead.closed() == 4400

    async def test_oversize_closes(self, school: School) -> None:
        lead = await school.joined("lead")
        await lead.ws.send_str('{"t":"' + "x" * 70_000 + '"}')
        assert await lead.closed() == 1009

    async def test_flood_closes(self, school: School) -> None:
        lead = await school.joined("lead")
        for number in range(ws.BURST + 40):
            await lead.say("ping", id=number)
        assert await lead.closed() == 4400
        assert lead.read[-1]["reason"] == "too_many_messages"
        assert await dropped(school, "flood") == 1

    async def test_mute_one_and_all(self, school: School) -> None:
        lead = await school.joined("lead")
        pages = [await school.joined("classroom", id) for id in ("c1", "c2")]
        await lead.say("mute", participant="c1", muted=True)
        await lead.until("participant", lambda message: message["participant"]["muted"])
        assert (await pages[0].until("participant"))["participant"]["muted"] is True
        await lead.say("mute", participant=None, muted=True)
        told = await lead.until("participant", lambda message: message["participant"]["muted"])
        assert told["participant"]["id"] == "c2"
        assert [(it.participant, it.muted) for it in school.media.of(api.Mute)] == [
            ("c1", True),
            ("c1", True),
            ("c2", True),
        ]

    async def test_tiles(self, school: School) -> None:
        lead = await school.joined("lead")
        await lead.say("tiles", participants=["c2", "c1", "c2"])
        await lead.say("tiles", participants=[f"c{number}" for number in range(9)])
        assert (await lead.until("error"))["re"] == "tiles"
        [shown] = school.media.of(api.ShowTiles)
        assert (shown.room, shown.viewer, shown.participants) == ("r1", "lead", ("c2", "c1"))

    async def test_hand_goes_down_with_the_page_and_with_the_end(self, school: School) -> None:
        lead = await school.joined("lead")
        room = await school.joined("classroom", "c1")
        await room.say("hand", up=True)
        await lead.until("participant", lambda message: message["participant"]["hand"])
        await lead.say("end")
        await lead.until("participant", lambda message: not message["participant"]["hand"])


class TestEvents:
    async def test_slots_and_sessions_go_to_their_own_page(self, school: School) -> None:
        lead = await school.joined("lead")
        room = await school.joined("classroom", "c1")
        await lead.since_now()
        await school.post("/whep/r1", "classroom", OFFER, "c1")
        session = school.media.session_of("c1")
        school.media.say(api.SessionChanged("r1", session, "c1", "subscribe", "connected"))
        slot = api.SlotState("0", "main", "video", "playing", "lead", "camera", "VP8")
        school.media.say(api.SlotsChanged("r1", session, "c1", (slot,)))
        assert (await room.until("session"))["state"] == "connected"
        assert (await room.until("slots"))["slots"] == [
            {
                "mid": "0",
                "slot": "main",
                "kind": "video",
                "status": "playing",
                "participant": "lead",
                "source": "camera",
                "codec": "VP8",
            }
        ]
        again = await school.joined("classroom", "c1")
        assert (await again.until("slots"))["session"] == session
        assert {message["t"] for message in await lead.since_now()} <= {"participant"}

    async def test_stats_go_to_those_who_watch_over_others(self, school: School) -> None:
        lead = await school.joined("lead")
        room = await school.joined("classroom", "c1")
        staff = await school.joined("staff")
        await room.say("stats", delay_ms=180.5, loss=0.01, bitrate=900_000, width=1280, sound=True, picture=None)
        await room.since_now()
        await staff.since_now()
        track = api.TrackStats("microphone", "opus", 1, 1, 0, 32_000, 1.0, level=30)
        sessions = (
            api.SessionStats("r1", "s1", "c1", "publish", 20.0, 0.02, 1_000_000, None, (track,)),
            api.SessionStats("r1", "s2", "c1", "subscribe", None, 0.0, 2_000_000),
        )
        school.media.say(api.StatsReported("r1", sessions, {"rx_packets": 5}))
        numbers = (await lead.until("stats"))["participants"]
        assert set(numbers) == {"lead", "c1", "staff"}
        assert numbers["lead"] == {"up": None, "down": None, "report": None}
        assert numbers["c1"]["up"] == {"loss": 0.02, "rtt_ms": 20.0, "bitrate": 1_000_000, "level": 30}
        assert numbers["c1"]["down"] == {"loss": 0.0, "rtt_ms": None, "bitrate": 2_000_000}
        assert numbers["c1"]["report"]["delay_ms"] == 180.5 and numbers["c1"]["report"]["picture"] is None
        assert await room.since_now() == [] and await staff.since_now() == []


class TestTime:
    async def test_expiry_ends_page_and_media(self, school: School) -> None:
        page = await school.joined("classroom", "c1")
        await school.post("/whep/r1", "classroom", OFFER, "c1")
        rooms = school.server.signalling.rooms
        hours = school.server.config.tokens.hours
        rooms.clock = lambda: time.time() + hours * 3600 + tokens.LEEWAY_S + 5
        await rooms.tick()
        assert await page.closed() == 4401
        assert page.read[-1] == {"t": "bye", "reason": "token_expired", "retry_after_ms": None}
        assert [(it.reason) for it in school.media.of(api.CloseSession)] == ["token_expired"]
        assert rooms.sessions == {}

    async def test_empty_rooms_are_forgotten_after_a_while(self, school: School) -> None:
        page = await school.joined("lead")
        watcher = await school.joined("staff")
        await page.say("end")
        await page.ws.close()
        await watcher.until("left")
        await watcher.ws.close()
        rooms = school.server.signalling.rooms
        outsider = await school.joined("admin", room="r2")
        await outsider.since_now()
        await rooms.tick()
        assert rooms.rooms["r1"].lesson.state == "ended"
        rooms.clock = lambda: time.time() + 700
        await rooms.tick()
        assert list(rooms.rooms) == ["r2"]

    async def test_drain_says_bye(self, school: School) -> None:
        page = await school.joined("lead")
        code, _ = await asyncio.gather(page.closed(), school.server.stop())
        assert code == 1012
        assert page.read[-1]["t"] == "bye" and page.read[-1]["retry_after_ms"] > 0
        assert school.media.stopped


def test_allowance() -> None:
    allowance = Allowance(3, 2, now=0.0)
    assert [allowance.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert allowance.take(0.5) is True
    assert allowance.take(0.5) is False
    assert [allowance.take(100.0) for _ in range(4)] == [True, True, True, False]


class Stuck:
    """A WebSocket whose peer reads nothing."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.busy = asyncio.Event()

    async def send_str(self, text: str) -> None:
        self.sent.append(text)
        self.busy.set()
        await asyncio.Event().wait()

    async def close(self, **_: Any) -> None:
        raise AssertionError("nobody is there to close it with")


async def test_slow_page_loses_numbers_first_and_then_its_connection(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ws, "CLOSE_TIMEOUT_S", 0.01)
    claims = tokens.verify(
        tokens.load_secret(school.server.config.secret_file), school.server.token("r1", "lead"), now=time.time()
    )
    cut = asyncio.Event()
    stuck = Stuck()
    page = Connection(stuck, claims, school.server.signalling.metrics, cut.set)  # type: ignore[arg-type]
    writer = asyncio.create_task(page.run())
    page.send("under way")
    await stuck.busy.wait()
    for number in range(ws.QUEUE // 2):
        page.send(str(number))
    page.send("numbers", droppable=True)
    assert await dropped(school, "backlog") == 1
    for number in range(ws.QUEUE // 2 + 1):
        page.send(str(number))
    assert page.finishing
    assert await dropped(school, "slow_page") == ws.QUEUE
    await asyncio.wait_for(cut.wait(), 5)
    page.send("too late")
    assert stuck.sent == ["under way"]
    writer.cancel()


async def test_page_reads_what_a_page_sends(school: School) -> None:
    page: Page = await school.joined("admin")
    assert await page.since_now() == []

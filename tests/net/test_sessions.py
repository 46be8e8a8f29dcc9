"""Commands of signalling and what becomes of them, over a bus and with real peers."""

from __future__ import annotations

import pytest

from mediaserver import api
from mediaserver.net.commands import MAX_WATCHING
from mediaserver.rtp import rtcp
from tests.net.bench import ROOM, Bench
from tests.net.conftest import MakeBench
from tests.net.peer import RawPeer
from tests.plane.helpers import consecutive, key_picture, sequences


async def refused(bench: Bench, command: api.Command) -> api.UserError:
    with pytest.raises(api.UserError) as caught:
        await bench.request(command)
    assert caught.value.detail.endswith(".")
    return caught.value


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_from_a_teacher_to_a_classroom(make_bench: MakeBench, host: str) -> None:
    bench = await make_bench(host=("127.0.0.1", "::1"))
    teacher = await bench.publish("t", host=host)
    teacher.show(10, key=True)
    teacher.speak(2)
    await bench.until(lambda: len(bench.heard(api.TracksChanged)) >= 3)
    display = await bench.watch("a", host=host)
    await display.until(lambda: len(display.rtp) == 10)
    assert display.rtp[0].payload == key_picture("0 0")
    teacher.show(2)
    teacher.speak(3)
    await display.until(lambda: len(display.rtp) == 15)
    pictures = [packet for packet in display.rtp if packet.ssrc == display.slot_ssrcs[0]]
    assert len(pictures) == 12 and consecutive(sequences(pictures))
    states = [event.state for event in bench.heard(api.SessionChanged, session=display.session)]
    assert states == ["connecting", "connected"]
    slots = bench.slots(display)
    assert (slots["camera"].status, slots["♪teacher"].status, slots["screen"].status) == ("playing", "playing", "empty")
    assert (slots["camera"].participant, slots["camera"].codec) == ("t", "VP8")


async def test_reloaded_publisher_replaces_itself(bench: Bench) -> None:
    old = await bench.publish("t")
    display = await bench.watch("a")
    old.show(3, key=True)
    await display.until(lambda: len(display.rtp) == 3)
    new = await bench.publish("t")
    assert await bench.closed(old.peer) == "replaced"
    new.show(3, key=True)
    await display.until(lambda: len(display.rtp) == 6)
    assert consecutive(sequences(display.rtp))
    assert len(bench.live.sessions) == 2


async def test_second_teacher(bench: Bench) -> None:
    first = await bench.publish("t")
    page = await bench.watch("t", role="lead")
    display = await bench.watch("a")
    other = await RawPeer.create()
    bench.peers.append(other)
    error = await refused(bench, api.Publish(ROOM, "u", "lead", other.offer("video")))
    assert (error.status, error.code, error.extra) == (409, "room_has_lead", {"lead": "t"})
    assert bench.live.rooms[ROOM].lead == "t"
    second = await bench.publish("u", takeover=True)
    assert await bench.closed(first.peer) == await bench.closed(page) == "taken_over"
    second.show(2, key=True)
    await display.until(lambda: len(display.rtp) == 2)
    assert bench.slots(display)["camera"].participant == "u"


async def test_second_teacher_after_the_first_is_gone(bench: Bench) -> None:
    first = await bench.publish("t")
    await bench.request(api.CloseSession(first.session))
    await bench.publish("u")
    assert bench.live.rooms[ROOM].lead == "u"


async def test_watching_pages_of_one_participant(bench: Bench) -> None:
    pages = [await bench.watch("a") for _ in range(MAX_WATCHING + 1)]
    assert await bench.closed(pages[0]) == "replaced"
    assert {session.id for session in bench.live.sessions.values()} == {page.session for page in pages[1:]}


class TestFull:
    async def test_server(self, make_bench: MakeBench) -> None:
        bench = await make_bench(max_sessions=2)
        await bench.offer_publish("t")
        await bench.offer_watch("a")
        peer = await RawPeer.create()
        bench.peers.append(peer)
        error = await refused(
            bench, api.Subscribe("other", "b", "classroom", peer.offer("video", direction="recvonly"))
        )
        assert (error.status, error.code) == (503, "too_many_sessions")

    async def test_room(self, make_bench: MakeBench) -> None:
        bench = await make_bench(max_peers_per_room=2)
        await bench.offer_publish("t")
        await bench.offer_watch("a")
        peer = await RawPeer.create()
        bench.peers.append(peer)
        offer = peer.offer("video", direction="recvonly")
        error = await refused(bench, api.Subscribe(ROOM, "b", "classroom", offer))
        assert (error.status, error.code) == (429, "too_many_sessions")
        await bench.request(api.Subscribe("other", "b", "classroom", offer))

    async def test_those_inside_may_reload(self, make_bench: MakeBench) -> None:
        bench = await make_bench(max_peers_per_room=2)
        publisher, display = await bench.offer_publish("t"), await bench.offer_watch("a")
        await bench.offer_publish("t")
        await bench.offer_watch("a")
        assert await bench.closed(publisher) == await bench.closed(display) == "replaced"
        assert len(bench.live.sessions) == 2


class TestRefusals:
    async def test_draining(self, bench: Bench) -> None:
        kept = await bench.publish("t")
        await bench.request(api.Drain())
        error = await refused(bench, api.Subscribe(ROOM, "a", "classroom", "v=0"))
        assert (error.status, error.code) == (503, "draining")
        kept.show(1, key=True)
        await bench.until(lambda: bench.counter("rx_rtp") == 1)

    @pytest.mark.parametrize("offer", ["", "hello", "v=0\r\n", "v=0\r\nm=video nine RTP 96\r\n", "\0" * 100])
    async def test_no_offer_at_all(self, bench: Bench, offer: str) -> None:
        for command in (api.Publish(ROOM, "t", "lead", offer), api.Subscribe(ROOM, "a", "classroom", offer)):
            assert (await refused(bench, command)).status == 400
        assert (bench.live.sessions, bench.live.rooms) == ({}, {})

    async def test_nothing_that_may_be_published(self, bench: Bench) -> None:
        peer = await RawPeer.create()
        bench.peers.append(peer)
        command = api.Publish(ROOM, "t", "lead", peer.offer("video"), sources=frozenset(("microphone",)))
        assert (await refused(bench, command)).code == "no_media"

    async def test_no_common_codec(self, make_bench: MakeBench) -> None:
        bench = await make_bench(video_codecs=("AV1",))
        peer = await RawPeer.create()
        bench.peers.append(peer)
        error = await refused(bench, api.Publish(ROOM, "t", "lead", peer.offer("video")))
        assert (error.status, error.code) == (422, "no_common_codec")

    async def test_offer_that_cannot_be_used_leaves_the_old_session(self, bench: Bench) -> None:
        teacher = await bench.publish("t")
        await refused(bench, api.Publish(ROOM, "t", "lead", "v=0\r\n"))
        assert set(bench.live.sessions) == {teacher.session}

    async def test_restart_of_a_session_that_is_over(self, bench: Bench) -> None:
        assert (await refused(bench, api.RestartIce("gone"))).code == "not_found"
        await bench.request(api.CloseSession("gone"))
        await bench.request(api.CloseParticipant(ROOM, "nobody"))
        await bench.request(api.CloseRoom("nowhere"))


class TestClosing:
    async def test_session(self, bench: Bench) -> None:
        teacher, display = await bench.publish("t"), await bench.watch("a")
        await bench.request(api.CloseSession(display.session))
        assert await bench.closed(display) == "closed"
        await display.until(lambda: display.feedback(rtcp.Goodbye))
        assert set(bench.live.sessions) == {teacher.session}

    async def test_participant(self, bench: Bench) -> None:
        teacher, page, display = await bench.publish("t"), await bench.watch("t", role="lead"), await bench.watch("a")
        await bench.request(api.CloseParticipant(ROOM, "t", "token_expired"))
        assert await bench.closed(teacher.peer) == await bench.closed(page) == "token_expired"
        assert set(bench.live.sessions) == {display.session}

    async def test_room(self, bench: Bench) -> None:
        teacher, display = await bench.publish("t"), await bench.watch("a")
        other = await bench.watch("b", room="chemistry")
        await bench.request(api.Call(ROOM, "a"))
        await bench.request(api.CloseRoom(ROOM))
        assert await bench.closed(teacher.peer) == await bench.closed(display) == "room_ended"
        assert set(bench.live.sessions) == {other.session} and set(bench.live.rooms) == {"chemistry"}
        assert bench.heard(api.CalledChanged)[-1].participant is None

    async def test_peer_that_says_goodbye(self, bench: Bench) -> None:
        teacher = await bench.publish("t")
        await teacher.peer.dtls.stop()
        assert await bench.closed(teacher.peer) == "peer_closed"
        assert bench.heard(api.TracksChanged)[-1] == api.TracksChanged(ROOM, "t", ())

    async def test_listener_that_acts_at_once(self, open_bench: Bench) -> None:
        """Signalling may answer an event with a command before the event's cause has returned."""

        bench = open_bench

        def react(event: api.Event) -> None:
            if isinstance(event, api.SlotsChanged) and event.slots[0].status == "playing":
                bench.server.handle(api.CloseParticipant(ROOM, event.participant))
            elif isinstance(event, api.SessionChanged) and event.state == "closed":
                bench.server.handle(api.CloseRoom(ROOM))

        bench.bus.subscribe(react)
        displays = [await bench.watch(f"c{number}") for number in range(3)]
        teacher = await bench.publish("t")
        teacher.show(2, key=True)
        for peer in (*displays, teacher.peer):
            await bench.closed(peer)
        assert (bench.live.sessions, bench.live.rooms) == ({}, {})
        assert not bench.tables._transports and not bench.tables._routes and not bench.tables._streams
        again = await bench.offer_watch("c9")
        assert set(bench.live.sessions) == {again.session}

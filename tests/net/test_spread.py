"""Two packet planes under one control: lessons beside each other, and one lesson spread over both."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from mediaserver import api
from mediaserver.plane.tables import StreamState
from mediaserver.rtp import rtcp
from tests.net.bench import ROOM, Bench
from tests.net.conftest import MakeBench, benches
from tests.net.peer import RawPeer
from tests.plane.helpers import consecutive, sequences


@pytest.fixture
async def spread(make_bench: MakeBench) -> Bench:
    """Whoever comes goes to the emptier plane."""
    return await make_bench(threads=2, spread_after=0)


def ports(bench: Bench) -> Counter[int]:
    """Sessions on each plane."""
    return Counter(session.port.number for session in bench.live.sessions.values())


def mirrors(bench: Bench) -> dict[int, int]:
    """Stream → planes that have a mirror of it."""
    return {id: len(stream.mirrors) for id, stream in bench.plane._streams.items() if stream.mirrors}


async def test_lessons_are_laid_out_and_stay_whole(make_bench: MakeBench) -> None:
    bench = await make_bench(threads=2)
    teacher = await bench.publish("t")
    await bench.watch("a")
    other = await bench.publish("u", room="chemistry")
    display = await bench.watch("b", room="chemistry")
    first, second = (port.port for port in bench.server.ports)
    assert first == bench.server.port != second
    assert [peer.server[1] for peer in bench.peers] == [first, first, second, second]
    other.show(3, key=True)
    await display.until(lambda: len(display.rtp) == 3)
    stats = await bench.request(api.GetStats())
    assert len(stats.sessions) == 4 and stats.counters["session_published"] == 2
    assert stats.counters["tx_relayed"] == 0
    await bench.request(api.CloseSession(teacher.session))
    assert ports(bench) == {0: 1, 1: 2}


async def test_configured_ports_follow_each_other(make_bench: MakeBench) -> None:
    free = await make_bench()
    port = free.server.port
    await free.server.stop()
    bench = await make_bench(threads=2, port=port, announce=(("192.0.2.1", 5000), ("192.0.2.2", 0)))
    assert [one.port for one in bench.server.ports] == [port, port + 1]
    told = [[line.split()[4:6] for line in one.candidates] for one in bench.server.ports]
    assert told == [
        [["192.0.2.1", "5000"], ["192.0.2.2", str(port)]],
        [["192.0.2.1", "5001"], ["192.0.2.2", str(port + 1)]],
    ]
    second = Bench(bench.server._settings)
    with pytest.raises(OSError):
        await second.server.start()


async def test_everybody_gets_everything(spread: Bench) -> None:
    teacher = await spread.publish("t")
    teacher.show(5, key=True)
    displays = [await spread.watch(f"c{number}") for number in range(4)]
    assert ports(spread) == {0: 3, 1: 2}
    assert {display.server[1] for display in displays} == {port.port for port in spread.server.ports}
    for display in displays:
        await display.until(lambda display=display: len(display.rtp) == 5)
    for _ in range(20):
        teacher.show(3)
        teacher.speak(2)
    for display in displays:
        await display.until(lambda display=display: len(display.rtp) == 105)
        for ssrc, number in zip(display.slot_ssrcs[0:4:3], (65, 40), strict=True):
            got = [packet for packet in display.rtp if packet.ssrc == ssrc]
            assert len(got) == number and consecutive(sequences(got))
        assert {key: slot.status for key, slot in spread.slots(display).items()}["camera"] == "playing"
    assert teacher.peer.feedback(rtcp.PictureLoss) == [], "whoever joined there started out of the mirror"
    assert spread.counter("rx_rtp") == 105 and len(mirrors(spread)) == 2
    assert spread.counter("tx_replayed") >= 16


async def test_people_on_both_planes_see_each_other(spread: Bench) -> None:
    teacher = await spread.publish("t")
    classroom = await spread.publish("a", role="classroom")
    page = await spread.watch("t", "video", "audio", role="lead")
    displays = [await spread.watch("b"), await spread.watch("c")]
    await spread.request(api.Call(ROOM, "a"))
    assert {peer.server[1] for peer in (teacher.peer, page)} != {classroom.peer.server[1]}
    for publisher in (teacher, classroom):
        publisher.show(3, key=True)
        publisher.speak(3)
    await page.until(lambda: len(page.rtp) == 6)
    for display in displays:
        await display.until(lambda display=display: len(display.rtp) == 12)
    assert len(mirrors(spread)) == 4


async def test_keyframes_are_asked_for_across(spread: Bench) -> None:
    """By a route that finds none in its mirror, and by the subscriber itself."""
    teacher = await spread.publish("t", "video")
    display = await spread.watch("a", "video")
    assert teacher.peer.server != display.server
    teacher.show(2)
    await teacher.peer.until(lambda: teacher.peer.feedback(rtcp.PictureLoss))
    teacher.show(1, key=True)
    await display.until(lambda: len(display.rtp) == 1)
    asked = len(teacher.peer.feedback(rtcp.PictureLoss))

    def asked_again() -> bool:
        display.send_rtcp(rtcp.pli(1, display.slot_ssrcs[0]))
        return len(teacher.peer.feedback(rtcp.PictureLoss)) > asked

    await spread.until(asked_again)


async def test_loss_on_either_line(spread: Bench) -> None:
    """What the teacher's line loses is repaired at its plane, and relayed; the display's by its mirror, over RTX."""
    teacher = await spread.publish("t", "video")
    display = await spread.watch("a", "video")
    teacher.show(1, key=True)
    lost = teacher.picture(text="lost")
    teacher.show(1)
    await teacher.peer.until(lambda: teacher.peer.feedback(rtcp.Nack))
    teacher.peer.send_rtp(lost)
    await display.until(lambda: len(display.rtp) == 3)
    assert [packet.payload[2:] for packet in display.rtp] == [b"0 0", b"0 102", b"lost"]
    display.send_rtcp(rtcp.nack(1, display.slot_ssrcs[0], [display.rtp[2].sequence]))
    await display.until(lambda: len(display.rtp) == 4)
    assert display.rtp[3].payload[4:] == b"lost" and display.rtp[3].ssrc != display.slot_ssrcs[0]
    assert spread.counter("tx_rtx") == 1


async def test_sender_reports_reach_both(spread: Bench) -> None:
    teacher = await spread.publish("t", "video")
    displays = [await spread.watch(name, "video") for name in "ab"]
    teacher.show(1, key=True)
    teacher.peer.send_rtcp(rtcp.sender_report(teacher.ssrc("0"), rtcp.ntp_from_unix(1e9), 3000, 1, 1))

    def told() -> bool:
        teacher.peer.send_rtcp(rtcp.sender_report(teacher.ssrc("0"), rtcp.ntp_from_unix(1e9), 3000, 1, 1))
        return all(display.feedback(rtcp.SenderReport) for display in displays)

    await spread.until(told)


async def test_the_other_port_does_not_answer(spread: Bench) -> None:
    peer = await spread.offer_publish("t")
    right, wrong = (("127.0.0.1", port.port) for port in spread.server.ports)
    assert peer.server == right
    peer.server = wrong
    peer.check()
    await spread.until(lambda: spread.counter("drop_stun_wrong_port") == 1)
    assert peer.answered == 0
    peer.server = right
    await peer.connect()
    restarted = await spread.request(api.RestartIce(peer.session))
    assert restarted.candidates == spread.server.ports[0].candidates


async def test_checks_are_answered_by_their_plane(spread: Bench) -> None:
    for peer in [await spread.offer_watch(name) for name in "abc"]:
        await peer.connect()
        before = spread.counter("rx_consent")
        await peer.reach()
        assert spread.counter("rx_consent") > before


async def test_mirror_goes_with_its_last_watcher(spread: Bench) -> None:
    teacher = await spread.publish("t", "video")
    far = await spread.watch("a", "video")
    teacher.show(1, key=True)
    await far.until(lambda: len(far.rtp) == 1)
    assert len(mirrors(spread)) == 1
    await spread.request(api.CloseSession(far.session))
    assert mirrors(spread) == {}
    relayed = spread.counter("tx_relayed")
    teacher.show(5)
    await spread.until(lambda: spread.counter("rx_rtp") == 6)
    assert spread.counter("tx_relayed") == relayed
    again = await spread.watch("b", "video")
    await again.until(lambda: len(again.rtp) == 6)


async def test_teacher_leaves_and_returns_elsewhere(spread: Bench) -> None:
    teacher = await spread.publish("t", "video")
    displays = [await spread.watch(name, "video") for name in "abc"]
    for lesson in range(3):
        teacher.show(4, key=True)
        for display in displays:
            await display.until(lambda display=display, total=4 * (lesson + 1): len(display.rtp) == total)
        await spread.request(api.CloseSession(teacher.session))
        assert mirrors(spread) == {}
        teacher = await spread.publish("t", "video")
    for display in displays:
        assert consecutive(sequences(display.rtp))


async def test_shutdown_says_goodbye_on_both(spread: Bench) -> None:
    teacher = await spread.publish("t")
    displays = [await spread.watch(name) for name in "ab"]
    teacher.show(1, key=True)
    await spread.server.stop()
    assert await spread.closed(teacher.peer) == "shutdown"
    for display in displays:
        await display.until(lambda display=display: display.feedback(rtcp.Goodbye))
    assert spread.plane._transports == spread.plane._routes == spread.plane._streams == {}


async def visit(bench: Bench, number: int) -> None:
    """A classroom comes, is called, shows itself, sees the teacher and goes."""
    name = f"c{number}"
    display = await bench.watch(name, "video", "audio")
    room = await bench.publish(name, "video", role="classroom")
    await bench.request(api.Call(ROOM, name))
    room.show(2, key=True)
    await display.until(lambda: display.rtp)
    for peer in (display, room.peer):
        await bench.request(api.CloseSession(peer.session))
        await bench.closed(peer)
        await peer.close(farewell=False)
        bench.peers.remove(peer)


async def test_nothing_of_those_who_left_stays() -> None:
    async with benches("reference") as make:
        bench = await make(threads=2, spread_after=0)
        teacher = await bench.publish("t", "video")
        page = await bench.watch("t", "video", "audio", role="lead")
        teacher.show(1, key=True)

        def tables() -> dict[str, list[int]]:
            group = bench.plane
            cores = [plane._forwarder for plane in group._planes]
            streams: list[StreamState] = [stream for core in cores for stream in core._streams.values()]
            return {
                "group": [len(group._transports), len(group._streams), len(group._routes)],
                "transports": [len(core._transports) for core in cores],
                "streams": [sum(not stream.is_mirror for stream in core._streams.values()) for core in cores],
                "routes": [len(core._routes) for core in cores],
                "relays": [sum(len(stream.relays) for stream in streams), len(mirrors(bench))],
            }

        await visit(bench, 0)
        await bench.until(lambda: not bench.live._closing)
        before = tables()
        for number in range(1, 20):
            await visit(bench, number)
        await bench.until(lambda: not bench.live._closing)
        assert tables() == before
        assert before["group"] == [2, 1, 2] and page.rtp


async def test_many_come_and_go_while_the_lesson_runs() -> None:
    """Two compiled planes relay to each other while routes appear and vanish on both."""
    async with benches("native") as make:
        bench = await make(threads=2, spread_after=0)
        teacher = await bench.publish("t", "video", "audio")
        stay: list[RawPeer] = [await bench.watch(name, "video", "audio") for name in "xy"]
        teaching = True

        async def teach() -> None:
            while teaching:
                teacher.show(5, key=True)
                teacher.speak(2)
                await asyncio.sleep(0.002)

        lesson = asyncio.create_task(teach())

        async def guest(number: int) -> None:
            for turn in range(9):
                await visit(bench, 10 * number + turn)

        await asyncio.gather(*(guest(number) for number in range(6)))
        teaching = False
        await lesson
        total = teacher.sequence["1"] - 100
        for peer in stay:  # whose sockets may have overflown meanwhile, but everything was sent to them
            slot = bench.live.sessions[peer.session].slots_by_ssrc[peer.slot_ssrcs[1]]
            await bench.until(lambda slot=slot, sent=total: bench.plane.route_stats(slot.route).packets == sent)
            teacher.peer.send_rtp(teacher.sound(text="the end"))
            total += 1
            await peer.until(lambda peer=peer: any(packet.payload == b"the end" for packet in peer.rtp))
        assert bench.counter("drop_relay_full") == 0
        assert len(bench.live.sessions) == 3 and sum(mirrors(bench).values()) == 2

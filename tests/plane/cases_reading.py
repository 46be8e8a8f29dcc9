"""The recorder's tap, and that nothing but the input decides over the output."""

from __future__ import annotations

import random
import struct
from dataclasses import replace

from mediaserver.plane.forward import Forwarder
from mediaserver.rtp import rtcp
from tests.plane.helpers import (
    FIRST_SEQUENCE,
    LEVEL,
    MICROPHONE,
    OPUS,
    SEND_TIME,
    SETTINGS,
    Camera,
    Peer,
    PlaneFactory,
    World,
    key_picture,
    rtp,
    rtx,
)


class Tapping:
    def test_in_order_with_holes_and_where_it_left_off(self, world: World) -> None:
        publisher = Peer(world, 1)
        world.camera(publisher)
        packets = {number: rtp(number, 0, key_picture(str(number))) for number in (65534, 0, 65535, 2, 1, 4)}
        for packet in packets.values():
            world.later(1)
            publisher.send(packet)
        tap = world.plane.read_history(100, None, 4)
        assert [p.packet for p in tap] == [packets[n] for n in (65534, 65535, 0, 1)]
        assert [p.now_us for p in tap] == [10_001_000, 10_003_000, 10_002_000, 10_005_000]
        rest = world.plane.read_history(100, tap[-1].index, 100)
        assert [p.packet for p in rest] == [packets[n] for n in (2, 4)]
        assert world.plane.read_history(100, rest[-1].index, 100) == []

    def test_reader_that_fell_behind_goes_on_at_the_oldest(self, world: World) -> None:
        publisher = Peer(world, 1)
        world.camera(publisher)
        camera = Camera(publisher, sequence=0)
        camera.show(200)
        tap = world.plane.read_history(100, 0x10000 + 3, 1000)
        assert [p.index - 0x10000 for p in tap] == list(range(200 - SETTINGS.video_history, 200))

    def test_over_a_new_numbering(self, world: World) -> None:
        publisher = Peer(world, 1)
        world.camera(publisher)
        camera = Camera(publisher, sequence=40_000)
        camera.show(3)
        last = world.plane.read_history(100, None, 100)[-1].index
        camera.sequence = 30_000
        publisher_again = rtp(45_000, 0, key_picture())
        publisher.send(publisher_again)
        assert [p.packet for p in world.plane.read_history(100, last, 100)] == [publisher_again]

    def test_nothing_yet(self, world: World) -> None:
        world.camera(Peer(world, 1))
        assert world.plane.read_history(100, None, 100) == []


def pieces(data: bytes) -> list[tuple[int, int, bytes]]:
    """What `Tapped.data` holds, as (index, arrival, packet)."""
    found, at = [], 0
    while at < len(data):
        index, now_us, size = struct.unpack_from("<qqH", data, at)
        found.append((index, now_us, data[at + 18 : at + 18 + size]))
        at += 18 + size
    return found


class InOnePiece:
    def test_the_same_packets_as_read_one_by_one(self, world: World) -> None:
        publisher = Peer(world, 1)
        world.camera(publisher)
        for number in (65534, 0, 65535, 2, 1, 4):
            world.later(1)
            publisher.send(rtp(number, 0, key_picture(str(number))))
        every = [tuple(packet) for packet in world.plane.read_history(100, None, 100)]
        tapped = world.plane.tap(100, None, 100, 10_006_000)
        assert pieces(tapped.data) == every
        assert tapped[1:] == (6, every[-1][0], 0)
        first = world.plane.tap(100, None, 2, 10_006_000)
        assert pieces(first.data) == every[:2]
        assert pieces(world.plane.tap(100, first.last, 100, 10_006_000).data) == every[2:]
        assert world.plane.tap(100, tapped.last, 100, 10_006_000) == (b"", 0, 0, 0)

    def test_waits_before_a_hole_until_what_follows_is_settled(self, world: World) -> None:
        publisher = Peer(world, 1)
        world.camera(publisher)
        for number in (10, 11, 14):
            world.later(1)
            publisher.send(rtp(number, 0, key_picture(str(number))))
        assert world.plane.tap(100, None, 100, 10_002_999).packets == 2
        waiting = world.plane.tap(100, 0x10000 + 11, 100, 10_002_999)
        assert waiting == (b"", 0, 0, 0)
        assert world.plane.tap(100, 0x10000 + 11, 100, 10_003_000)[1:] == (1, 0x10000 + 14, 0)
        world.later(1)
        publisher.send(rtp(12, 0, key_picture("12")))
        assert world.plane.tap(100, 0x10000 + 11, 100, 0)[1:] == (1, 0x10000 + 12, 0)

    def test_says_what_the_ring_has_no_more(self, world: World) -> None:
        publisher = Peer(world, 1)
        world.camera(publisher)
        Camera(publisher, sequence=0).show(200)
        tapped = world.plane.tap(100, 0x10000 + 3, 1000, 0)
        assert (tapped.packets, tapped.missed) == (SETTINGS.video_history, 200 - SETTINGS.video_history - 4)
        assert world.plane.tap(100, None, 1000, 0).missed == 0

    def test_a_new_numbering_is_no_loss(self, world: World) -> None:
        publisher = Peer(world, 1)
        world.camera(publisher)
        camera = Camera(publisher, sequence=40_000)
        camera.show(3)
        last = world.plane.tap(100, None, 100, 0).last
        camera.sequence = 60_000
        camera.show(1)
        again = world.plane.tap(100, last, 100, 0)
        assert (again.packets, again.missed) == (1, 0)
        camera.show(SETTINGS.video_history + 5)
        assert world.plane.tap(100, last, 1000, 0)[1:] == (
            SETTINGS.video_history,
            again.last + SETTINGS.video_history + 5,
            6,
        )

    def test_nothing_yet_and_no_stream(self, world: World) -> None:
        world.camera(Peer(world, 1))
        assert world.plane.tap(100, None, 100, 0) == world.plane.tap(999, 5, 100, 0) == (b"", 0, 0, 0)


def lesson(make_plane: PlaneFactory, seed: int) -> tuple[list, list, dict[str, int], list]:
    """Datagrams, events, counters and statistics that a random lesson leads to."""
    choose = random.Random(seed)
    world = World(make_plane(SETTINGS))
    sent, told = [], []
    peers = [Peer(world, number) for number in range(1, 6)]
    world.camera(peers[0])
    world.camera(peers[1], id=101, ssrc=None, mid=b"x")
    world.microphone(peers[1])
    cameras = [Camera(peers[0], extensions=((SEND_TIME, b"abc"),)), Camera(peers[1], sequence=65_500)]
    routes = {peer.id: world.route(peer, 100, id=300 + peer.id, with_rtx=peer.id % 2 == 0) for peer in peers[2:]}
    lost: list[bytes] = []
    plane = world.plane

    def drain() -> None:
        sent.extend(plane.outbox)
        told.extend(plane.events)
        plane.outbox.clear()
        plane.events.clear()

    drain()
    for step in range(600):
        for number, camera in enumerate(cameras):
            for packet in camera.picture(key=choose.random() < 0.05, packets=choose.randint(1, 3), ms=3):
                if choose.random() < 0.1:
                    lost.append(packet)
                else:
                    plane.receive(camera.peer.protect(packet), peers[number].address, world.now_us)
        if lost and choose.random() < 0.5:
            packet = lost.pop(choose.randrange(len(lost)))
            plane.receive(peers[0].protect(rtx(step, packet)), peers[0].address, world.now_us)
        voice = rtp(step, 960 * step, b"v", pt=OPUS, ssrc=MICROPHONE, extensions=((LEVEL, bytes((step % 128,))),))
        plane.receive(peers[1].protect(voice), peers[1].address, world.now_us)
        plane.receive(choose.randbytes(choose.randint(0, 60)), choose.choice(peers).address, world.now_us)
        id = choose.choice(sorted(routes))
        match choose.randrange(12):
            case 0:
                plane.set_route(replace(routes[id], stream=choose.choice((100, 101, 200, None))), world.now_us)
            case 1 | 2:
                near = FIRST_SEQUENCE + plane.route_stats(300 + id).packets
                plane.retransmit(300 + id, [near - choose.randint(-3, 40) for _ in range(4)], world.now_us)
            case 3:
                plane.sender_report(choose.choice((100, 101, 200)), step << 32, 90 * step)
            case 4:
                plane.send_rtcp(id, rtcp.receiver_report(step))
            case 5:
                plane.receive(peers[3].protect_rtcp(rtcp.pli(1, step)), peers[3].address, world.now_us)
        drain()
    statistics = [plane.stream_stats(s) for s in (100, 101, 200)] + [plane.route_stats(300 + i) for i in routes]
    statistics += [plane.transport_stats(p.id) for p in peers] + [plane.missing(100), plane.read_history(100, None, 99)]
    return sent, told, dict(plane.count), statistics


class Agreeing:
    def test_same_input_gives_the_same_bytes_events_and_counters(self, make_plane: PlaneFactory) -> None:
        for seed in (1, 2):
            ours, reference = lesson(make_plane, seed), lesson(Forwarder, seed)
            assert len(ours[0]) > 1000 and ours[2]["switches"] > 10 and ours[2]["tx_rtx"] > 10
            assert ours == reference

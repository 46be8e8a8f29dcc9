"""How a packet is rewritten for a subscriber."""

from __future__ import annotations

import itertools

import pytest

from mediaserver.plane.interface import Kind
from mediaserver.rtp import rtcp
from mediaserver.rtp.packet import abs_send_time
from tests.plane.helpers import (
    CAPTURE,
    FIRST_SEQUENCE,
    FRAME,
    LEVEL,
    MICROPHONE,
    MID,
    OPUS,
    OUT_LEVEL,
    OUT_MID,
    OUT_OPUS,
    OUT_SEND_TIME,
    OUT_VP8,
    SEND_TIME,
    Camera,
    Packet,
    Peer,
    World,
    consecutive,
    delta_picture,
    key_picture,
    rtp,
    sequences,
)

EVERYTHING = ((MID, b"0"), (SEND_TIME, b"\x01\x02\x03"), (CAPTURE, b"8 octets"), (7, b"unknown"))


class Rewriting:
    def test_identity_and_extensions(self, world: World) -> None:
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        route = world.route(subscriber, 100, extensions={CAPTURE: 12})
        payload = key_picture("x" * 1000)
        publisher.send(rtp(700, 5000, payload, marker=True, extensions=EVERYTHING))
        (packet,) = subscriber.take()
        assert packet._replace(plain=b"") == Packet(
            sequence=FIRST_SEQUENCE,
            timestamp=(0xFFFFF000 + 90) & 0xFFFFFFFF,
            ssrc=route.ssrc,
            pt=OUT_VP8,
            marker=True,
            payload=payload,
            extensions={OUT_MID: b"v", OUT_SEND_TIME: abs_send_time(world.now_us), 12: b"8 octets"},
            plain=b"",
        )

    def test_nothing_but_the_payload(self, world: World) -> None:
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        world.route(subscriber, 100, constants=(), abs_send_time_extension=0)
        publisher.send(rtp(700, 5000, key_picture(), extensions=EVERYTHING))
        (packet,) = subscriber.take()
        assert packet.plain[0] == 0x80 and packet.plain[12:] == key_picture()

    def test_csrcs_and_padding_are_kept(self, world: World) -> None:
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        world.route(subscriber, 100)
        publisher.send(rtp(700, 5000, key_picture(), csrcs=(1, 2), padding=4))
        (packet,) = subscriber.take()
        assert packet.plain[12:20] == b"\0\0\0\1\0\0\0\2"
        assert packet.plain.endswith(key_picture() + b"\0\0\0\4")
        assert packet.payload == key_picture()
        assert world.plane.route_stats(300).octets == len(key_picture())

    def test_a_long_mid_takes_the_two_byte_form(self, world: World) -> None:
        """RFC 8285 §4.3."""
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        world.route(subscriber, 100, constants=((OUT_MID, b"m" * 64),))
        publisher.send(rtp(700, 5000, key_picture()))
        (packet,) = subscriber.take()
        assert packet.plain[12:14] == b"\x10\x00" and packet.extensions[OUT_MID] == b"m" * 64

    def test_numbers_wrap_with_the_publishers(self, world: World) -> None:
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        world.route(subscriber, 100)
        camera = Camera(publisher, sequence=65530, timestamp=0xFFFFFFFF - 4 * FRAME)
        camera.show(20, key=True)
        got = subscriber.take()
        assert len(got) == 20 and consecutive(sequences(got))
        assert all((b.timestamp - a.timestamp) % 2**32 == FRAME for a, b in itertools.pairwise(got))

    def test_own_numbers_wrap(self, world: World) -> None:
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        world.route(subscriber, 100, first_sequence=0x7FFF)
        camera = Camera(publisher)
        camera.show(0x8100, key=True)
        got = subscriber.take()
        assert len(got) == 0x8100 and consecutive(sequences(got)) and got[-1].sequence == 0xFE

    def test_order_of_arrival_is_kept(self, world: World) -> None:
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        world.route(subscriber, 100)
        camera = Camera(publisher)
        camera.show(key=True)
        one, two, three = (camera.picture()[0] for _ in range(3))
        for packet in (three, one, two):
            publisher.send(packet)
        assert [n - FIRST_SEQUENCE for n in sequences(subscriber.take())] == [0, 3, 1, 2]

    def test_everybody_gets_it_with_numbers_of_their_own(self, world: World) -> None:
        publisher = Peer(world, 1)
        world.camera(publisher)
        for number in range(2, 6):
            world.route(Peer(world, number), 100, id=300 + number, payload_types={96: 100 + number})
        publisher.send(rtp(700, 5000, key_picture()))
        got = [peer.take()[0] for peer in world.peers[1:]]
        assert [(packet.ssrc, packet.pt) for packet in got] == [(0xBEEF0000 + 300 + n, 100 + n) for n in range(2, 6)]
        assert world.count["tx_rtp"] == 4

    def test_sound_starts_with_the_next_packet(self, world: World) -> None:
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.microphone(publisher)
        for number in range(5):
            publisher.send(rtp(number, 960 * number, b"old", pt=OPUS, ssrc=MICROPHONE))
        world.route(subscriber, 200, clock_rate=48_000)
        publisher.send(rtp(5, 4800, b"new", pt=OPUS, ssrc=MICROPHONE, extensions=((LEVEL, b"\x20"),)))
        publisher.send(rtp(6, 5760, b"new", pt=OPUS, ssrc=MICROPHONE))
        got = subscriber.take()
        assert [(packet.payload, packet.pt) for packet in got] == [(b"new", OUT_OPUS)] * 2
        assert got[0].extensions[OUT_LEVEL] == b"\x20"
        assert got[1].timestamp - got[0].timestamp == 960
        assert world.count["tx_replayed"] == 0

    def test_sound_from_before_the_start_is_left_out(self, world: World) -> None:
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.microphone(publisher)
        world.route(subscriber, 200, clock_rate=48_000)
        publisher.send(rtp(5, 4800, b"first", pt=OPUS, ssrc=MICROPHONE))
        publisher.send(rtp(4, 3840, b"late", pt=OPUS, ssrc=MICROPHONE))
        assert [packet.payload for packet in subscriber.take()] == [b"first"]
        assert world.count["drop_before_start"] == 1


class Refusing:
    def test_payload_type_the_subscriber_lacks(self, world: World) -> None:
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        world.route(subscriber, 100, payload_types={OPUS: OUT_OPUS})
        publisher.send(rtp(700, 5000, key_picture()))
        assert subscriber.take() == []
        assert world.count["drop_no_payload_type"] == 1

    def test_packet_too_long_to_protect(self, world: World) -> None:
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        world.route(subscriber, 100, constants=((OUT_MID, b"m" * 100),))
        publisher.send(rtp(700, 5000, key_picture("x" * 1400)))
        publisher.send(rtp(701, 5000, delta_picture()))
        assert [packet.payload for packet in subscriber.take()] == [delta_picture()]
        assert world.count["drop_protect"] == 1

    def test_before_a_keyframe(self, world: World) -> None:
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        world.route(subscriber, 100)
        (wanted,) = world.take_events(Kind.KEYFRAME_WANTED)
        assert wanted.stream == 100
        assert world.count["drop_waiting_keyframe"] == 0, "no packet came yet"
        camera = Camera(publisher)
        camera.show(3)
        assert subscriber.take() == []
        assert world.count["drop_waiting_keyframe"] == 3
        camera.show(key=True)
        assert [packet.payload for packet in subscriber.take()] == [key_picture()]


class Reporting:
    def test_sender_report_in_the_routes_time(self, world: World) -> None:
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        route = world.route(subscriber, 100)
        camera = Camera(publisher)
        camera.show(3, key=True)
        last = subscriber.take()[-1]
        world.plane.sender_report(100, 0x1122334455667788, camera.timestamp + 900)
        report, description = rtcp.parse(subscriber.take_rtcp()[0])
        assert report == rtcp.SenderReport(
            route.ssrc,
            0x1122334455667788,
            (last.timestamp + 900) & 0xFFFFFFFF,
            3,
            len(key_picture()) + 2 * len(delta_picture()),
        )
        assert description.cnames == ((route.ssrc, "tongke"),)

    def test_lip_sync(self, world: World) -> None:
        """Two streams of one publisher, joined at different times, meet on one NTP line at the subscriber."""
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        world.microphone(publisher)
        world.route(subscriber, 100)
        camera = Camera(publisher)
        camera.show(10, key=True)
        sound = world.route(subscriber, 200, id=301, clock_rate=48_000, first_timestamp=77)
        for number in range(10):
            publisher.send(rtp(number, 1_000_000 + 960 * number, b"x", pt=OPUS, ssrc=MICROPHONE))
        got = subscriber.take()
        picture_at = got[9].timestamp  # media time of the newest picture, and of the newest sound
        sound_at = got[-1].timestamp
        # At NTP second 50 the publisher's clocks read these:
        world.plane.sender_report(100, 50 << 32, camera.timestamp + 45_000)
        world.plane.sender_report(200, 50 << 32, 1_000_000 + 9 * 960 + 24_000)
        reports = {report.ssrc: report for data in subscriber.take_rtcp() for report in rtcp.parse(data)[:1]}
        picture, voice = reports[0xBEEF0000 + 300], reports[sound.ssrc]
        assert picture.ntp == voice.ntp
        assert ((picture.rtp_timestamp - picture_at) & 0xFFFFFFFF) / 90_000 == 0.5
        assert ((voice.rtp_timestamp - sound_at) & 0xFFFFFFFF) / 48_000 == 0.5

    def test_only_to_the_route_named_and_only_once_started(self, world: World) -> None:
        publisher = Peer(world, 1)
        world.camera(publisher)
        first, second, third = (Peer(world, number) for number in (2, 3, 4))
        world.route(first, 100, id=302)
        world.route(second, 100, id=303)
        publisher.send(rtp(700, 5000, key_picture()))
        world.later(5000)
        world.route(third, 100, id=304)  # the keyframe is too old by now: it waits
        for peer in world.peers:
            peer.take_datagrams()
        world.plane.sender_report(100, 1, 2, 303)
        assert [len(peer.take_rtcp()) for peer in (first, second, third)] == [0, 1, 0]
        world.plane.sender_report(100, 1, 2)
        assert [len(peer.take_rtcp()) for peer in (first, second, third)] == [1, 1, 0]
        assert world.count["tx_rtcp"] == 3

    @pytest.mark.parametrize("length", [8, 1600])
    def test_rtcp_of_control(self, world: World, length: int) -> None:
        peer = Peer(world, 1)
        data = rtcp.receiver_report(5)[:8] + bytes(length - 8)
        world.plane.send_rtcp(1, data)
        assert (len(peer.take_datagrams()), world.count["drop_protect"]) == ((1, 0) if length == 8 else (0, 1))


class Removing:
    def test_transport_takes_its_streams_and_routes_along(self, world: World) -> None:
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        world.route(subscriber, 100)
        camera = Camera(publisher)
        camera.show(2, key=True)
        world.plane.remove_transport(2)
        camera.show(2)
        assert len(subscriber.take_datagrams()) == 2
        assert world.plane.route_stats(300) is None and world.plane.transport_stats(2) is None
        world.plane.remove_transport(1)
        camera.show()
        assert world.plane.stream_stats(100) is None
        assert world.count["drop_unknown_address"] == 1
        world.plane.remove_transport(1)

    def test_calls_about_what_is_not_there(self, world: World) -> None:
        plane = world.plane
        plane.remove_stream(5)
        plane.remove_route(5)
        plane.remove_transport(5)
        plane.retransmit(5, [1, 2], 0)
        plane.sender_report(5, 1, 2)
        plane.send_rtcp(5, b"12345678")
        plane.move_transport(5, Peer(world, 1).address)
        world.route(Peer(world, 2), 77)
        assert plane.missing(5) == plane.read_history(5, None, 9) == []
        assert plane.stream_stats(5) is plane.transport_stats(5) is plane.route_stats(5) is None
        assert plane.outbox == [] and plane.events == []

    def test_removed_stream_leaves_its_routes_silent_and_numbered_on(self, world: World) -> None:
        first, second, subscriber = Peer(world, 1), Peer(world, 2), Peer(world, 3)
        world.camera(first)
        route = world.route(subscriber, 100)
        Camera(first).show(3, key=True)
        world.plane.remove_stream(100)
        assert world.plane.route_stats(300).started is False
        world.camera(second, id=101)
        world.switch(route, 101)
        Camera(second, sequence=9).show(2, key=True)
        got = subscriber.take()
        assert len(got) == 5 and consecutive(sequences(got))

    def test_clear(self, world: World) -> None:
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        world.route(subscriber, 100)
        world.plane.receive(publisher.protect(rtp(1, 0, key_picture())), publisher.address, world.now_us)
        world.plane.clear()
        assert world.plane.outbox == [] and world.plane.events == []
        assert world.plane.transport_stats(1) is None

"""How an SSRC finds its stream, how losses are repaired, and what is measured on the way."""

from __future__ import annotations

import pytest

from mediaserver.plane.interface import Kind
from mediaserver.rtp import rtcp
from tests.plane.cases_receiving import only
from tests.plane.helpers import (
    CAMERA_RTX,
    FIRST_SEQUENCE,
    FRAME,
    LEVEL,
    MICROPHONE,
    MID,
    OPUS,
    RTX,
    SETTINGS,
    VP8,
    Camera,
    Peer,
    World,
    delta_picture,
    key_picture,
    rtp,
    rtx,
)


class Binding:
    def test_by_mid(self, world: World) -> None:
        publisher = Peer(world, 1)
        world.camera(publisher, ssrc=None)
        world.camera(publisher, id=101, ssrc=None, rtx_ssrc=None, mid=b"2")
        publisher.send(rtp(1, 0, key_picture(), ssrc=5, extensions=((MID, b"2"),)))
        (event,) = world.take_events(Kind.BOUND)
        assert (event.stream, world.plane.stream_stats(101).ssrc) == (101, 5)
        assert world.plane.stream_stats(100).ssrc is None

    def test_by_payload_type_where_it_says_enough(self, world: World) -> None:
        publisher = Peer(world, 1)
        world.camera(publisher, ssrc=None)
        world.microphone(publisher, ssrc=None)
        publisher.send(rtp(1, 0, b"opus", pt=OPUS, ssrc=5))
        assert world.plane.stream_stats(200).ssrc == 5

    def test_ambiguous_payload_type(self, world: World) -> None:
        publisher = Peer(world, 1)
        world.camera(publisher, ssrc=None, rtx_ssrc=None)
        world.camera(publisher, id=101, ssrc=None, rtx_ssrc=None, mid=b"2")
        publisher.send(rtp(1, 0, key_picture(), ssrc=5))
        only(world, "drop_unknown_ssrc")

    def test_mid_of_an_extension_that_was_not_negotiated(self, world: World) -> None:
        """An element with id 0 is padding, whatever length it claims (RFC 8285 §4.2)."""
        publisher = Peer(world, 1)
        world.camera(publisher, ssrc=None, rtx_ssrc=None, mid=b"00", mid_extension=0)
        world.camera(publisher, id=101, ssrc=None, rtx_ssrc=None, mid=b"2")
        packet = bytearray(rtp(1, 0, key_picture(), ssrc=5, extensions=((MID, b"00"),)))
        packet[16] &= 0x0F  # id 0, length 2
        publisher.send(bytes(packet))
        only(world, "drop_unknown_ssrc")

    def test_retransmissions_by_payload_type(self, world: World) -> None:
        publisher = Peer(world, 1)
        world.camera(publisher, rtx_ssrc=None)
        publisher.send(rtp(1, 0, key_picture()))
        publisher.send(rtx(9, rtp(0, 0, delta_picture()), ssrc=77))
        publisher.send(rtx(1, rtp(65535, 0, delta_picture()), ssrc=78))
        assert (world.count["rx_rtp"], world.count["rx_rtx"]) == (3, 2)

    def test_ssrc_that_another_stream_had_taken(self, world: World) -> None:
        """It finds its old stream again, once; the packets after the first are not a numbering of their own."""
        publisher = Peer(world, 1)
        world.camera(publisher, ssrc=5)
        world.camera(publisher, id=101, ssrc=5, rtx_ssrc=None, mid=b"2")
        world.plane.remove_stream(101)
        Camera(publisher, ssrc=5).show(4, key=True)
        assert world.plane.stream_stats(100).packets == 4
        assert world.count["history_resets"] == 0

    def test_new_ssrc_does_not_mix_with_the_old_one(self, world: World) -> None:
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher, ssrc=None)
        world.route(subscriber, 100)
        old = Camera(publisher, extensions=((MID, b"0"),))
        old.show(2, key=True)
        old.sequence += 1
        old.show()  # a gap stays open
        assert len(subscriber.take()) == 3
        world.take_events()
        new = Camera(publisher, ssrc=0xCA0099, sequence=old.sequence - 2, extensions=((MID, b"0"),))
        new.show(2)
        assert world.count["drop_duplicate"] == 0
        assert world.plane.missing(100) == []
        assert subscriber.take() == [], "there is no keyframe of the new encoder yet"
        assert world.take_events(Kind.KEYFRAME_WANTED)
        new.show(2, key=True)
        got = subscriber.take()
        assert [packet.payload for packet in got] == [key_picture(), delta_picture()]
        assert got[0].sequence == FIRST_SEQUENCE + 4, "the slot's numbering goes on, with the hole it has"
        assert (world.count["history_resets"], world.plane.stream_stats(100).ssrc) == (1, 0xCA0099)

    def test_media_payload_type_on_the_retransmission_ssrc(self, world: World) -> None:
        publisher = Peer(world, 1)
        world.camera(publisher)
        publisher.send(rtp(1, 0, key_picture()))
        publisher.send(rtp(9000, 0, key_picture(), ssrc=CAMERA_RTX))
        assert (world.count["drop_payload_type"], world.count["rx_rtp"], world.count["history_resets"]) == (1, 1, 0)

    def test_payload_type_not_negotiated(self, world: World) -> None:
        publisher = Peer(world, 1)
        world.camera(publisher)
        publisher.send(rtp(1, 0, key_picture(), pt=33))
        only(world, "drop_payload_type")

    def test_invented_ssrcs_are_bounded(self, world: World) -> None:
        publisher = Peer(world, 1)
        world.camera(publisher, ssrc=None, rtx_ssrc=None)
        for number in range(20):  # each is welcome by its mid and would take the place of the one before
            publisher.send(rtp(number, 0, key_picture(), ssrc=1000 + number, extensions=((MID, b"0"),)))
        assert world.count["drop_ssrc_limit"] == 20 - SETTINGS.max_ssrcs

    def test_invented_ssrcs_of_reports_are_bounded(self, world: World) -> None:
        peer = Peer(world, 1)
        for number in range(20):
            peer.send_rtcp(rtcp.receiver_report(1000 + number))
        assert (world.count["rx_rtcp"], world.count["drop_ssrc_limit"]) == (6, 14)

    def test_declared_ssrcs_are_always_welcome(self, world: World) -> None:
        peer = Peer(world, 1)
        for number in range(6):
            peer.send_rtcp(rtcp.receiver_report(1000 + number))
        world.camera(peer)
        peer.send(rtp(1, 0, key_picture()))
        assert world.count["rx_rtp"] == 1


class Repairing:
    def test_a_retransmission_becomes_the_packet_it_repairs(self, world: World) -> None:
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        world.route(subscriber, 100)
        camera = Camera(publisher)
        camera.show(key=True)
        lost = camera.picture()[0]
        camera.show()
        publisher.send(rtx(500, lost))
        first, third, second = subscriber.take()
        assert (second.payload, second.pt, second.ssrc) == (delta_picture(), first.pt, first.ssrc)
        assert (second.sequence, second.timestamp) == (first.sequence + 1, (first.timestamp + FRAME) & 0xFFFFFFFF)
        assert second.marker and third.sequence == first.sequence + 2

    def test_probing_and_repeated_retransmissions(self, world: World) -> None:
        publisher = Peer(world, 1)
        world.camera(publisher)
        publisher.send(rtp(1, 0, key_picture()))
        publisher.send(rtp(500, 0, b"", pt=RTX, ssrc=CAMERA_RTX, padding=200))
        publisher.send(rtx(501, rtp(1, 0, key_picture())))
        assert (world.count["rx_rtx"], world.count["drop_rtx_padding"], world.count["drop_duplicate"]) == (1, 1, 1)

    def test_before_the_stream_has_an_ssrc(self, world: World) -> None:
        publisher = Peer(world, 1)
        world.camera(publisher, ssrc=None)
        publisher.send(rtx(1, rtp(7, 0, key_picture())))
        only(world, "drop_rtx_unknown")
        assert world.count["rx_rtx"] == 0


class Measuring:
    def test_level_follows_the_voice(self, world: World) -> None:
        publisher = Peer(world, 1)
        world.microphone(publisher)
        assert world.plane.stream_stats(200).level == 127
        for number in range(60):
            publisher.send(rtp(number, 960 * number, b"x", pt=OPUS, ssrc=MICROPHONE, extensions=((LEVEL, b"\x9e"),)))
        assert world.plane.stream_stats(200).level == 0x1E

    def test_jitter(self, world: World) -> None:
        """RFC 3550 A.8: packets 20 ms apart in media time, alternately 10 and 30 ms apart on the wire."""
        publisher = Peer(world, 1)
        world.microphone(publisher)
        for number in range(400):
            world.later(10 if number % 2 else 30)
            publisher.send(rtp(number, 960 * number, b"x", pt=OPUS, ssrc=MICROPHONE))
        assert world.plane.stream_stats(200).jitter == pytest.approx(480, abs=10)

    def test_signs_of_life(self, world: World) -> None:
        publisher = Peer(world, 1)
        world.camera(publisher)
        datagram = publisher.send(rtp(1, 0, key_picture(), pt=VP8))
        stats = world.plane.transport_stats(1)
        assert (stats.last_us, stats.rx_packets, stats.rx_bytes) == (world.now_us, 1, len(datagram))

"""What a plane does with datagrams before it forwards anything."""

from __future__ import annotations

import pytest

from mediaserver.plane.interface import Address, Kind
from mediaserver.rtp import rtcp
from tests.plane.helpers import (
    SETTINGS,
    SHA1,
    Camera,
    Peer,
    World,
    delta_picture,
    key_picture,
    rest_of_picture,
    rtp,
    rtx,
)

OUTCOMES = (
    "rx_stun",
    "rx_dtls",
    "rx_rtcp",
    "rx_rtp",
    "drop_empty",
    "drop_too_long",
    "drop_first_byte",
    "drop_unknown_address",
    "drop_malformed_rtp",
    "drop_malformed_rtcp",
    "drop_srtp",
    "drop_srtcp",
    "drop_ssrc_limit",
    "drop_unknown_ssrc",
    "drop_payload_type",
    "drop_duplicate",
    "drop_too_old",
    "drop_rtx_padding",
    "drop_rtx_unknown",
)
"""Every datagram ends as exactly one of these."""


def only(world: World, name: str) -> None:
    """The one datagram of this world ended as `name`."""
    assert {outcome: world.count[outcome] for outcome in OUTCOMES if world.count[outcome]} == {name: 1}


class Demultiplexing:
    @pytest.mark.parametrize(
        ("data", "name"),
        [
            (b"", "drop_empty"),
            (b"\x00\x01" + bytes(18), "rx_stun"),
            (b"\x03", "rx_stun"),
            (b"\x04" + bytes(20), "drop_first_byte"),
            (b"\x13" + bytes(20), "drop_first_byte"),
            (b"\x14" + bytes(20), "rx_dtls"),
            (b"\x3f" + bytes(20), "rx_dtls"),
            (b"\x40" + bytes(20), "drop_first_byte"),
            (b"\x7f" + bytes(20), "drop_first_byte"),
            (b"\x80" + bytes(20), "drop_unknown_address"),
            (b"\xbf\xc8" + bytes(20), "drop_unknown_address"),
            (b"\xc0" + bytes(20), "drop_first_byte"),
            (b"\x80" + bytes(SETTINGS.max_datagram), "drop_too_long"),
        ],
    )
    def test_first_byte_decides(self, world: World, data: bytes, name: str) -> None:
        """RFC 7983 §7."""
        world.receive(data, Address(0, ("198.51.100.1", 9)))
        only(world, name)
        assert world.count["rx_datagrams"] == 1
        assert world.count["rx_bytes"] == len(data)

    def test_stun_and_dtls_go_to_control_untouched(self, world: World) -> None:
        peer, stranger = Peer(world, 1), Address(1, ("2001:db8::1", 9, 0, 0))
        world.receive(b"\x00\x01stun", stranger)
        world.receive(b"\x16dtls", peer.address)
        stun, dtls = world.take_events()
        assert (stun.kind, stun.address, stun.data, stun.transport) == (Kind.STUN, stranger, b"\x00\x01stun", 0)
        assert (dtls.kind, dtls.address, dtls.data, dtls.transport) == (Kind.DTLS, peer.address, b"\x16dtls", 1)

    def test_rtcp_is_told_by_its_second_byte_and_decrypted(self, world: World) -> None:
        """RFC 5761 §4."""
        peer = Peer(world, 1)
        request = rtcp.compound(rtcp.receiver_report(7), rtcp.pli(7, 8))
        peer.send_rtcp(request)
        (event,) = world.take_events()
        assert (event.kind, event.transport, event.data) == (Kind.RTCP, 1, request)
        only(world, "rx_rtcp")

    @pytest.mark.parametrize(
        ("datagram", "name"),
        [
            (b"\x80\x60\x00\x01\x00\x00\x00\x00\x00\x00\x00", "drop_malformed_rtp"),
            (b"\x80\xc9\x00\x01\x00\x00\x00", "drop_malformed_rtcp"),
            (b"\x80\x60" + bytes(40), "drop_srtp"),
            (b"\x80\xc9" + bytes(40), "drop_srtcp"),
            (b"\x80", "drop_malformed_rtp"),
            (b"\xb0\x60" + bytes(10), "drop_srtp"),
            (b"\x9f\x60" + bytes(10), "drop_srtp"),
        ],
    )
    def test_garbage_from_a_known_address(self, world: World, datagram: bytes, name: str) -> None:
        peer = Peer(world, 1)
        world.receive(datagram, peer.address)
        only(world, name)
        stats = world.plane.transport_stats(1)
        assert (stats.last_us, stats.rx_packets) == (0, 0), "what is not authentic is no sign of life"

    @pytest.mark.parametrize(
        "packet",
        [
            b"\x90\x60\x00\x01" + bytes(8) + b"\xbe\xde\x00\x01\x1f\x00\x00\x00",
            b"\xa0\x60\x00\x01" + bytes(8) + b"payload\x00",
            b"\xa0\x60\x00\x01" + bytes(8) + b"payload\xff",
        ],
        ids=["element beyond its block", "padding of length zero", "padding beyond the packet"],
    )
    def test_authentic_but_malformed(self, world: World, packet: bytes) -> None:
        peer = Peer(world, 1)
        world.camera(peer, ssrc=None)
        peer.send(packet)
        only(world, "drop_malformed_rtp")

    def test_both_profiles(self, world: World) -> None:
        for number, profile in ((1, SHA1), (2, SHA1)):
            Peer(world, number, profile)
        publisher, subscriber = world.peers
        world.camera(publisher)
        world.route(subscriber, 100)
        Camera(publisher).show(3, key=True)
        assert len(subscriber.take()) == 3


class Authenticating:
    def test_duplicate_is_refused_before_decrypting(self, world: World) -> None:
        publisher = Peer(world, 1)
        world.camera(publisher)
        datagram = publisher.send(rtp(1, 0, key_picture()))
        forged = datagram[:-1] + bytes((datagram[-1] ^ 1,))  # decrypting would find out
        world.receive(forged, publisher.address)
        assert (world.count["drop_duplicate"], world.count["drop_srtp"]) == (1, 0)

    def test_replay_of_what_has_left_the_history(self, world: World) -> None:
        publisher = Peer(world, 1)
        world.camera(publisher)
        first = publisher.send(rtp(1, 0, key_picture()))
        for number in range(2, 200):
            publisher.send(rtp(number, 0, rest_of_picture()))
        world.receive(first, publisher.address)
        assert (world.count["drop_srtp"], world.count["rx_rtp"]) == (1, 199)

    def test_replayed_rtcp(self, world: World) -> None:
        peer = Peer(world, 1)
        datagram = peer.send_rtcp(rtcp.receiver_report(7))
        world.receive(datagram, peer.address)
        assert (world.count["rx_rtcp"], world.count["drop_srtcp"]) == (1, 1)

    def test_packet_of_another_transport(self, world: World) -> None:
        first, second = Peer(world, 1), Peer(world, 2)
        world.camera(first)
        world.receive(second.protect(rtp(1, 0, key_picture())), first.address)
        only(world, "drop_srtp")

    def test_peer_that_moved(self, world: World) -> None:
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        world.route(subscriber, 100)
        camera = Camera(publisher)
        camera.show(key=True)
        old, publisher.address = publisher.address, Address(0, ("203.0.113.7", 7))
        world.plane.move_transport(1, publisher.address)
        camera.show()
        assert len(subscriber.take()) == 2
        world.receive(publisher.protect(camera.picture()[0]), old)
        assert world.count["drop_unknown_address"] == 1

    def test_address_taken_by_another_is_given_back(self, world: World) -> None:
        publisher, thief = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        camera = Camera(publisher)
        camera.show(key=True)
        world.plane.move_transport(2, publisher.address)
        thief.address = Address(0, ("203.0.113.9", 9))
        camera.show()
        assert world.count["drop_srtp"] == 1
        world.plane.move_transport(1, publisher.address)
        camera.show()
        assert world.count["rx_rtp"] == 2
        world.plane.remove_transport(2)
        camera.show()
        assert world.count["rx_rtp"] == 3


class Numbering:
    def test_reordered_packets_are_all_kept_over_the_wrap(self, world: World) -> None:
        publisher = Peer(world, 1)
        world.camera(publisher)
        order = [65533, 65535, 65534, 1, 65532, 0, 2]
        for number in order:
            publisher.send(rtp(number, 0, rest_of_picture(str(number))))
        tap = world.plane.read_history(100, None, 100)
        assert [packet.index & 0xFFFF for packet in tap] == [65532, 65533, 65534, 65535, 0, 1, 2]
        stats = world.plane.stream_stats(100)
        assert (stats.packets, stats.expected, stats.highest) == (7, 7, 0x10002)

    def test_highest_begins_in_cycle_zero(self, world: World) -> None:
        publisher = Peer(world, 1)
        world.camera(publisher)
        publisher.send(rtp(7, 0, key_picture()))
        assert world.plane.stream_stats(100).highest == 7

    def test_later_than_a_ring(self, world: World) -> None:
        publisher = Peer(world, 1)
        world.camera(publisher)
        late = [publisher.protect(rtp(number, 0, key_picture())) for number in (1001, 1002)]
        publisher.send(rtp(1065, 0, key_picture()))
        for datagram in late:
            world.receive(datagram, publisher.address)
        assert (world.count["drop_too_old"], world.count["rx_rtp"]) == (1, 2)

    def test_gaps_are_told_noticed_and_filled(self, world: World) -> None:
        publisher = Peer(world, 1)
        world.camera(publisher)
        publisher.send(rtp(10, 0, key_picture()))
        world.later(5)
        late = publisher.protect(rtp(12, 0, delta_picture()))
        publisher.send(rtp(13, 0, delta_picture()))
        (event,) = world.take_events(Kind.GAP)
        assert event.stream == 100
        assert [(index & 0xFFFF, us) for index, us in world.plane.missing(100)] == [
            (11, world.now_us),
            (12, world.now_us),
        ]
        world.receive(late, publisher.address)
        assert [index & 0xFFFF for index, _ in world.plane.missing(100)] == [11]
        publisher.send(rtx(1, rtp(11, 0, delta_picture())))
        assert world.plane.missing(100) == []

    def test_each_new_gap_is_told_though_old_ones_are_forgotten(self, world: World) -> None:
        publisher = Peer(world, 1)
        world.camera(publisher)
        for number in range(0, 400, 2):  # never repaired: as many gaps leave the memory as enter it
            publisher.send(rtp(number, 0, delta_picture()))
        assert len(world.take_events(Kind.GAP)) == 199
        assert [index & 0xFFFF for index, _ in world.plane.missing(100)] == list(range(383, 398, 2))
        assert world.count["drop_gap_overflow"] == 199 - SETTINGS.max_gaps

    def test_a_gap_wider_than_the_memory(self, world: World) -> None:
        publisher = Peer(world, 1)
        world.camera(publisher)
        publisher.send(rtp(0, 0, key_picture()))
        publisher.send(rtp(31, 0, delta_picture()))
        assert [index & 0xFFFF for index, _ in world.plane.missing(100)] == list(range(23, 31))
        assert world.count["drop_gap_overflow"] == 30 - SETTINGS.max_gaps

    def test_gaps_that_leave_the_history_are_no_overflow(self, world: World) -> None:
        publisher = Peer(world, 1)
        world.camera(publisher)
        for number in (0, 2, *range(3, 100), 101):
            publisher.send(rtp(number, 0, delta_picture()))
        assert [index & 0xFFFF for index, _ in world.plane.missing(100)] == [100]
        assert world.count["drop_gap_overflow"] == 0

    def test_jump_empties_the_history_and_keeps_the_counts(self, world: World) -> None:
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        world.route(subscriber, 100)
        camera = Camera(publisher)
        camera.show(key=True)
        publisher.send(rtp(camera.sequence + 1, camera.timestamp, rest_of_picture()))  # one is lost
        world.take_events()
        camera.sequence += 5000
        camera.show()
        assert world.count["history_resets"] == 1
        assert world.take_events(Kind.KEYFRAME_WANTED)
        assert len(world.plane.read_history(100, None, 100)) == 1
        stats = world.plane.stream_stats(100)
        assert (stats.packets, stats.expected) == (3, 4), "the loss before the jump is not forgotten"

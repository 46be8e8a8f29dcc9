"""Connectivity checks of a peer whose address is known, which the plane answers by itself."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from aioice import stun

from mediaserver.plane.interface import Address, Kind
from tests.plane.helpers import Peer, World

USERNAME, PASSWORD = "ours:theirs", "secret of the server"
HOME6 = Address(1, ("2001:db8::7", 4000, 0, 0))


def check(username: str = USERNAME, password: str = PASSWORD, **attributes: Any) -> stun.Message:
    named = {name.replace("_", "-"): value for name, value in attributes.items()}
    message = stun.Message(
        stun.Method.BINDING, stun.Class.REQUEST, attributes={"USERNAME": username, "PRIORITY": 1, **named}
    )
    message.add_message_integrity(password.encode())
    return message


def altered(at: int, by: int = 1) -> bytes:
    data = bytearray(bytes(check()))
    data[at] ^= by
    return bytes(data)


def without_fingerprint(message: stun.Message) -> bytes:
    data = bytes(message)[:-8]
    return data[:2] + struct.pack("!H", len(data) - 20) + data[4:]


class AnsweringConsent:
    @pytest.fixture
    def peer(self, world: World) -> Peer:
        peer = Peer(world, 2)
        world.plane.set_consent(2, USERNAME.encode(), PASSWORD.encode())
        return peer

    @pytest.mark.parametrize("attributes", [{}, {"USE_CANDIDATE": None, "ICE_CONTROLLING": 7}])
    @pytest.mark.parametrize("fingerprint", [True, False])
    def test_answered(self, world: World, peer: Peer, attributes: dict[str, Any], fingerprint: bool) -> None:
        message = check(**attributes)
        world.receive(bytes(message) if fingerprint else without_fingerprint(message), peer.address)
        (data,) = peer.take_datagrams()
        answer = stun.parse_message(data)
        assert answer.check_message_integrity(PASSWORD.encode())
        assert (answer.message_class, answer.transaction_id) == (stun.Class.RESPONSE, message.transaction_id)
        assert answer.attributes["XOR-MAPPED-ADDRESS"] == peer.address.peer
        assert "FINGERPRINT" in answer.attributes and "MESSAGE-INTEGRITY" in answer.attributes
        assert world.take_events() == [] and world.count["rx_consent"] == 1 and world.count["rx_stun"] == 0
        assert world.plane.transport_stats(2).consent_us == world.now_us

    def test_over_ipv6(self, world: World, peer: Peer) -> None:
        world.plane.move_transport(2, HOME6)
        peer.address = HOME6
        world.receive(bytes(check()), HOME6)
        (data,) = peer.take_datagrams()
        answer = stun.parse_message(data)
        assert answer.check_message_integrity(PASSWORD.encode())
        assert answer.attributes["XOR-MAPPED-ADDRESS"] == ("2001:db8::7", 4000)

    @pytest.mark.parametrize("size", [*range(1, 64, 7), 55, 56, 57, 63, 64])
    def test_every_length_is_signed_alike(self, world: World, peer: Peer, size: int) -> None:
        """Lengths around SHA-1's blocks, in the text and in the key."""
        username, password = f"o:{'t' * size}"[:64], "p" * min(size, 32)
        world.plane.set_consent(2, username.encode(), password.encode())
        world.receive(bytes(check(username, password)), peer.address)
        assert world.take_events() == [] and len(peer.take_datagrams()) == 1

    @pytest.mark.parametrize(
        "data",
        [
            bytes(check("ours:other")),
            bytes(check(password="somebody else's")),
            bytes(check(ICE_CONTROLLED=7)),
            altered(0, 1),  # an indication
            altered(3),  # another length
            altered(5),  # another cookie
            altered(12),  # another transaction: the signature no longer fits
            altered(24),  # another username
            altered(-1),  # another fingerprint
            altered(-12),  # another signature
            bytes(check())[:-1],
            bytes(check())[:19],
            b"\x00\x01",
            bytes(check()) + bytes(600),
        ],
        ids=map(str, range(14)),  # transactions are random, names of tests are not
    )
    def test_anything_else_goes_to_control(self, world: World, peer: Peer, data: bytes) -> None:
        world.receive(data, peer.address)
        (event,) = world.take_events()
        assert (event.kind, event.data, event.address) == (Kind.STUN, data, peer.address)
        assert peer.take_datagrams() == [] and world.plane.transport_stats(2).consent_us == 0

    def test_what_follows_the_signature_counts_for_nothing(self, world: World, peer: Peer) -> None:
        data = without_fingerprint(check("ours:other"))
        data += struct.pack("!HH", 0x0006, len(USERNAME)) + USERNAME.encode() + b"\0"
        world.receive(data[:2] + struct.pack("!H", len(data) - 20) + data[4:], peer.address)
        assert [event.kind for event in world.take_events()] == [Kind.STUN]

    def test_from_elsewhere(self, world: World, peer: Peer) -> None:
        elsewhere = Address(0, ("192.0.2.2", 50_000))
        world.receive(bytes(check()), elsewhere)
        assert [event.address for event in world.take_events()] == [elsewhere]

    def test_before_and_after_it_is_set(self, world: World) -> None:
        world.plane.set_consent(2, USERNAME.encode(), PASSWORD.encode())  # no such transport yet
        peer = Peer(world, 2)
        world.receive(bytes(check()), peer.address)
        assert len(world.take_events(Kind.STUN)) == 1
        world.plane.set_consent(2, USERNAME.encode(), PASSWORD.encode())
        world.receive(bytes(check()), peer.address)
        world.plane.set_consent(2, b"ours2:theirs", PASSWORD.encode())
        world.receive(bytes(check()), peer.address)
        assert len(world.take_events(Kind.STUN)) == 1 and len(peer.take_datagrams()) == 1

    @pytest.mark.parametrize(("username", "password"), [("u:" + "x" * 63, PASSWORD), (USERNAME, "p" * 33)])
    def test_too_long_for_the_plane(self, world: World, peer: Peer, username: str, password: str) -> None:
        world.plane.set_consent(2, username.encode(), password.encode())
        world.receive(bytes(check(username, password)), peer.address)
        assert len(world.take_events(Kind.STUN)) == 1

"""The compiled plane forwards a batch at its end; what happens within one must not change what is sent."""

from __future__ import annotations

import pytest

from mediaserver.plane.interface import Kind
from tests.plane.compiled import CompiledForwarder
from tests.plane.helpers import FRAME, SETTINGS, Camera, Peer, World, delta_picture, key_picture, rtp, sequences


@pytest.fixture
def world() -> World:
    return World(CompiledForwarder(SETTINGS))


def send_batch(world: World, publisher: Peer, packets: list[bytes]) -> None:
    for packet in packets:
        world.plane.receive(publisher.protect(packet), publisher.address, world.now_us, wait=True)
    world.plane.missing(0)  # any call of control ends the batch


def test_keyframe_and_new_numbering_in_one_batch(world: World) -> None:
    """The jump sends what waits, and that starts a route; the packet that jumped stays the one that came."""
    publisher, subscriber = Peer(world, 1), Peer(world, 2)
    world.camera(publisher)
    world.route(subscriber, 100)
    jumped = rtp(9000, FRAME, delta_picture("after the jump"))
    send_batch(world, publisher, [rtp(1000, 0, key_picture()), jumped])
    assert [item.packet for item in world.plane.read_history(100, None, 10)] == [jumped]
    assert [packet.payload for packet in subscriber.take()] == [key_picture()]
    assert len(world.take_events(Kind.KEYFRAME_WANTED)) == 2


def test_packet_that_waits_is_sent_before_its_place_is_taken(world: World) -> None:
    publisher, subscriber = Peer(world, 1), Peer(world, 2)
    world.camera(publisher)
    world.route(subscriber, 100)
    Camera(publisher, sequence=1000, timestamp=0).show(key=True)
    subscriber.take()
    last_place = SETTINGS.video_history - 1
    send_batch(
        world,
        publisher,
        [
            rtp(1001, FRAME, delta_picture()),
            rtp(1002, 2 * FRAME, delta_picture()),
            rtp(1002 + last_place, 3 * FRAME, delta_picture()),  # where 1001 is kept
        ],
    )
    first, second, third = sequences(subscriber.take())
    assert (second - first, third - second) == (1, last_place)

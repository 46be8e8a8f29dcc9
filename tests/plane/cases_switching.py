"""A slot that plays one stream after another."""

from __future__ import annotations

import itertools

from mediaserver.plane.interface import Kind, Route
from tests.plane.helpers import (
    FIRST_SEQUENCE,
    MICROPHONE,
    OPUS,
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


def two_cameras(world: World) -> tuple[Camera, Camera, Peer, Route]:
    first, second, subscriber = (Peer(world, number) for number in (1, 2, 3))
    world.camera(first)
    world.camera(second, id=101)
    route = world.route(subscriber, 100)
    return Camera(first), Camera(second, sequence=60_000, timestamp=3_000_000_000), subscriber, route


def rising(packets: list[Packet]) -> bool:
    return all(0 <= (b.timestamp - a.timestamp) % 2**32 < 2**31 for a, b in itertools.pairwise(packets))


class Switching:
    def test_numbers_and_time_go_on(self, world: World) -> None:
        first, second, subscriber, route = two_cameras(world)
        first.show(5, key=True)
        second.show(5, key=True)
        world.take_events()
        route = world.switch(route, 101)
        second.show(3)
        first.show(3)
        first.show(2, key=True)
        world.switch(route, 100)
        first.show(2)
        got = subscriber.take()
        assert [packet.ssrc for packet in got] == [route.ssrc] * len(got)
        assert len(got) == 5 + 8 + 4 and consecutive(sequences(got)) and rising(got)
        assert world.take_events(Kind.KEYFRAME_WANTED) == []
        assert world.count["switches"] == 3

    def test_media_time_goes_on_as_the_wall_clock_did(self, world: World) -> None:
        first, second, subscriber, route = two_cameras(world)
        first.show(1, key=True)
        route = world.switch(route, None)
        world.later(10_000)
        second.show(1, key=True, ms=0)
        world.switch(route, 101)
        before, after = subscriber.take()
        assert (after.timestamp - before.timestamp) % 2**32 == 10 * 90_000

    def test_to_a_stream_without_a_keyframe(self, world: World) -> None:
        first, second, subscriber, route = two_cameras(world)
        first.show(2, key=True)
        second.show(2)
        world.take_events()
        world.switch(route, 101)
        (wanted,) = world.take_events(Kind.KEYFRAME_WANTED)
        assert wanted.stream == 101
        first.show()
        second.show()
        assert len(subscriber.take()) == 2, "neither the old stream any more nor the new one yet"
        second.show(2, key=True)
        got = subscriber.take()
        assert [packet.payload for packet in got] == [key_picture(), delta_picture()]
        assert got[0].sequence == FIRST_SEQUENCE + 2

    def test_nack_over_a_switch(self, world: World) -> None:
        """What was sent before the switch is not mistaken for something of the new stream."""
        first, second, subscriber, route = two_cameras(world)
        first.show(3, key=True)
        second.show(3, key=True)
        world.switch(route, 101)
        sent = subscriber.take()
        world.nack(route, sequences(sent))
        assert [p.payload[:2] for p in subscriber.take()] == [p.sequence.to_bytes(2, "big") for p in sent[3:]]
        assert world.count["drop_nack_unknown"] == 3

    def test_back_and_forth_a_thousand_times(self, world: World) -> None:
        first, second, subscriber, route = two_cameras(world)
        for _ in range(500):
            for camera, stream in ((first, 100), (second, 101)):
                camera.show(2, key=True)
                route = world.switch(route, stream)
        got = subscriber.take()
        assert consecutive(sequences(got)) and rising(got)
        assert [packet.payload for packet in got[-2:]] == [key_picture(), delta_picture()]

    def test_same_stream_again_changes_nothing(self, world: World) -> None:
        first, _, subscriber, route = two_cameras(world)
        first.show(3, key=True)
        world.set_route(route)
        first.show()
        assert consecutive(sequences(subscriber.take())) and world.count["switches"] == 1

    def test_stream_that_comes_after_the_route(self, world: World) -> None:
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        route = world.route(subscriber, 100)
        world.camera(publisher)
        camera = Camera(publisher)
        camera.show(2, key=True)
        assert subscriber.take() == []
        world.set_route(route)
        assert len(subscriber.take()) == 2

    def test_voices_taking_turns(self, world: World) -> None:
        first, second, subscriber = (Peer(world, number) for number in (1, 2, 3))
        world.microphone(first)
        world.microphone(second, id=201)
        route = world.route(subscriber, 200, clock_rate=48_000)
        for number in range(40):
            world.later(20)
            if number % 10 == 0:
                route = world.switch(route, 200 if number % 20 == 0 else 201)
            first.send(rtp(number, 960 * number, b"first", pt=OPUS, ssrc=MICROPHONE))
            second.send(rtp(9000 + number, 55 + 960 * number, b"second", pt=OPUS, ssrc=MICROPHONE))
        got = subscriber.take()
        assert [p.payload for p in got] == ([b"first"] * 10 + [b"second"] * 10) * 2
        assert consecutive(sequences(got))
        assert {(b.timestamp - a.timestamp) % 2**32 for a, b in itertools.pairwise(got)} == {960}

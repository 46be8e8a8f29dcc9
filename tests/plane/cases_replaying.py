"""What a joiner gets out of the history."""

from __future__ import annotations

import itertools

from mediaserver.plane.interface import Kind
from tests.plane.helpers import (
    FRAME,
    SETTINGS,
    Camera,
    Packet,
    Peer,
    World,
    consecutive,
    delta_picture,
    key_picture,
    rest_of_picture,
    rtp,
    sequences,
)

SPACING = 90
"""1 ms of video."""


def steps(packets: list[Packet]) -> list[int]:
    """Differences between the time stamps of successive packets."""
    return [(b.timestamp - a.timestamp) % 2**32 for a, b in itertools.pairwise(packets)]


class Replaying:
    def test_a_joiner_starts_at_the_latest_keyframe(self, world: World) -> None:
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        camera = Camera(publisher)
        camera.show(5, key=True, packets=2)
        camera.show(4, key=True, packets=2)
        world.route(subscriber, 100)
        got = subscriber.take()
        picture = [key_picture(), rest_of_picture("1")]
        assert [packet.payload for packet in got] == picture + [delta_picture(), rest_of_picture("1")] * 3
        assert [packet.marker for packet in got] == [False, True] * 4
        assert consecutive(sequences(got))
        assert world.count["tx_replayed"] == 7 and world.count["tx_rtp"] == 8
        started, *others = world.take_events(Kind.STARTED, Kind.KEYFRAME_WANTED)
        assert (started.kind, started.stream, started.route, others) == (Kind.STARTED, 100, 300, [])

    def test_replayed_pictures_are_a_millisecond_apart_and_end_live(self, world: World) -> None:
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        camera = Camera(publisher)
        camera.show(4, key=True, packets=2)
        world.route(subscriber, 100)
        camera.show(2, packets=2)
        assert steps(subscriber.take()) == [0, SPACING] * 3 + [0, FRAME, 0, FRAME, 0]

    def test_the_live_picture_may_be_under_way(self, world: World) -> None:
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        camera = Camera(publisher)
        camera.show(2, key=True)
        one, two, three = camera.picture(packets=3)
        publisher.send(one)
        world.route(subscriber, 100)
        publisher.send(two)
        publisher.send(three)
        camera.show()
        assert steps(subscriber.take()) == [SPACING, SPACING, 0, 0, FRAME]

    def test_only_the_keyframe_itself(self, world: World) -> None:
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        camera = Camera(publisher)
        camera.show(key=True, packets=3)
        world.route(subscriber, 100)
        camera.show()
        assert steps(subscriber.take()) == [0, 0, FRAME]

    def test_not_longer_than_allowed(self, world: World) -> None:
        publisher = Peer(world, 1)
        world.camera(publisher)
        camera = Camera(publisher)
        camera.show(SETTINGS.replay_max_packets, key=True, ms=1)
        inside, outside = Peer(world, 2), Peer(world, 3)
        world.route(inside, 100, id=302)
        assert world.take_events(Kind.KEYFRAME_WANTED) == []
        camera.show(ms=1)
        world.route(outside, 100, id=303)
        assert len(inside.take()) == SETTINGS.replay_max_packets + 1
        assert outside.take() == []
        assert len(world.take_events(Kind.KEYFRAME_WANTED)) == 1

    def test_not_older_than_allowed(self, world: World) -> None:
        publisher = Peer(world, 1)
        world.camera(publisher)
        Camera(publisher).show(2, key=True, ms=0)
        inside, outside = Peer(world, 2), Peer(world, 3)
        world.later(SETTINGS.replay_max_age_us / 1000)
        world.route(inside, 100, id=302)
        world.later(0.001)
        world.route(outside, 100, id=303)
        assert (len(inside.take()), len(outside.take())) == (2, 0)

    def test_keyframe_that_left_the_ring(self, world: World) -> None:
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        camera = Camera(publisher)
        camera.show(key=True, ms=1)
        camera.show(SETTINGS.video_history, ms=1)
        world.route(subscriber, 100)
        assert subscriber.take() == []

    def test_keyframe_whose_first_packet_came_last(self, world: World) -> None:
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        camera = Camera(publisher)
        camera.show(2, key=True)
        first, *rest = camera.picture(key=True, packets=3)
        for packet in (*rest, first):
            publisher.send(packet)
        world.route(subscriber, 100)
        assert [packet.payload for packet in subscriber.take()] == [
            key_picture(),
            rest_of_picture("1"),
            rest_of_picture("2"),
        ]
        assert world.plane.stream_stats(100).keyframes == 2

    def test_order_is_restored(self, world: World) -> None:
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        camera = Camera(publisher)
        camera.show(2, key=True)
        a, b = camera.picture()[0], camera.picture()[0]
        publisher.send(b)
        publisher.send(a)
        world.route(subscriber, 100)
        got = subscriber.take()
        assert consecutive(sequences(got)) and steps(got) == [SPACING] * 3

    def test_a_whole_picture_that_comes_after_the_replay(self, world: World) -> None:
        """It is stamped between its neighbours, and its number is the one left free for it."""
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        camera = Camera(publisher)
        camera.show(2, key=True)
        lost = [camera.picture(packets=2), camera.picture()]
        camera.show(2)
        world.route(subscriber, 100)
        early = subscriber.take()
        for packets in reversed(lost):
            for packet in packets:
                publisher.send(packet)
        late = subscriber.take()
        everything = sorted(early + late, key=lambda packet: packet.sequence)
        assert consecutive(sequences(everything))
        assert all(0 < step < SPACING or step in (0, SPACING) for step in steps(everything))
        times = [packet.timestamp for packet in everything]
        assert len(set(times)) == 6 and steps(everything).count(0) == 1

    def test_old_time_stamps_mean_nothing_once_live(self, world: World) -> None:
        """After 13 hours a time stamp comes again; it is not taken for the one of the replay."""
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        camera = Camera(publisher)
        camera.show(4, key=True)
        world.route(subscriber, 100)
        replayed = camera.timestamp - 2 * FRAME
        camera.show()
        before = subscriber.take()[-1]
        # Pictures a third of the cycle apart bring the clock round to the replayed picture's time.
        reached = camera.timestamp
        for part in (1, 2, 3):
            camera.timestamp = (reached + part * ((replayed - reached) % 2**32) // 3 - FRAME) % 2**32
            camera.show()
        after = subscriber.take()[-1]
        assert (after.timestamp - before.timestamp) % 2**32 == (replayed - reached) % 2**32

    def test_two_joiners_get_the_same(self, world: World) -> None:
        publisher, first, second = (Peer(world, number) for number in (1, 2, 3))
        world.camera(publisher)
        camera = Camera(publisher)
        world.route(first, 100, id=302)
        camera.show(6, key=True)
        world.route(second, 100, id=303)
        camera.show(2)
        assert [p.payload for p in first.take()] == [p.payload for p in second.take()]

    def test_publisher_without_keyframes_yet(self, world: World) -> None:
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        publisher.send(rtp(1, 0, delta_picture()))
        world.route(subscriber, 100)
        assert subscriber.take() == []
        assert len(world.take_events(Kind.KEYFRAME_WANTED)) == 1

"""A mirror on another plane: what its routes send is what they would send where the stream comes in."""

from __future__ import annotations

import random
from dataclasses import dataclass

from mediaserver.plane.group import begin_mirror
from mediaserver.plane.interface import Kind, Route, Stream
from tests.plane.helpers import (
    CAMERA,
    FIRST_SEQUENCE,
    LEVEL,
    OPUS,
    SETTINGS,
    Camera,
    Peer,
    World,
    delta_picture,
    key_picture,
    rest_of_picture,
    rtp,
    rtx,
)

PUBLISHER, SUBSCRIBER = 1, 2


@dataclass
class Watching:
    """The same subscriber on each plane: same keys, same address, same route."""

    here: Peer
    there: Peer

    @classmethod
    def on(cls, world: World, elsewhere: World) -> Watching:
        return cls(Peer(world, SUBSCRIBER), Peer(elsewhere, SUBSCRIBER))

    def play(self, stream: int | None) -> Route:
        self.there.world.now_us = self.here.world.now_us
        self.there.world.route(self.there, stream)
        return self.here.world.route(self.here, stream)

    def nack(self, route: Route, *numbers: int) -> None:
        self.there.world.now_us = self.here.world.now_us
        for peer in (self.here, self.there):
            peer.world.nack(route, numbers)

    def take(self) -> list[bytes]:
        """What both got since the last call, to the last byte the same."""
        here, there = self.here.take_datagrams(), self.there.take_datagrams()
        assert here == there
        return here


def mirrored(world: World, elsewhere: World) -> tuple[Peer, Stream]:
    publisher = Peer(world, PUBLISHER)
    spec = world.camera(publisher)
    begin_mirror(spec, world.plane, elsewhere.plane)
    return publisher, spec


class Relaying:
    def test_same_bytes(self, world: World, elsewhere: World) -> None:
        publisher, _ = mirrored(world, elsewhere)
        watching = Watching.on(world, elsewhere)
        watching.play(100)
        Camera(publisher).show(5, key=True, packets=3)
        assert len(watching.take()) == 15
        assert world.count["tx_relayed"] == elsewhere.count["rx_relayed"] == 15
        assert (elsewhere.count["rx_rtp"], elsewhere.count["rx_datagrams"]) == (0, 0)
        assert elsewhere.count["tx_rtp"] == 15

    def test_sound(self, world: World, elsewhere: World) -> None:
        publisher = Peer(world, PUBLISHER)
        spec = world.microphone(publisher)
        begin_mirror(spec, world.plane, elsewhere.plane)
        watching = Watching.on(world, elsewhere)
        watching.play(200)
        for number in range(4):
            world.later(20)
            publisher.send(rtp(number, number * 960, b"voice", pt=OPUS, ssrc=9, extensions=((LEVEL, b"\x20"),)))
        assert len(watching.take()) == 4

    def test_only_wishes_and_starts_are_told(self, world: World, elsewhere: World) -> None:
        publisher, _ = mirrored(world, elsewhere)
        watching = Watching.on(world, elsewhere)
        watching.play(100)
        assert [event.kind for event in elsewhere.take_events()] == [Kind.KEYFRAME_WANTED]
        camera = Camera(publisher)
        camera.show(key=True)
        camera.sequence += 2
        camera.show()
        (started,) = elsewhere.take_events()
        assert (started.kind, started.transport, started.stream, started.route) == (Kind.STARTED, 0, 100, 300)
        kinds = {event.kind for event in world.take_events()}
        assert kinds == {Kind.KEYFRAME_WANTED, Kind.BOUND, Kind.STARTED, Kind.GAP}

    def test_mirror_that_begins_in_the_middle(self, world: World, elsewhere: World) -> None:
        """It has what the origin has: a joiner starts at once, and no keyframe is asked for."""
        publisher = Peer(world, PUBLISHER)
        spec = world.camera(publisher)
        camera = Camera(publisher)
        camera.show(3, key=True, packets=2)
        camera.sequence += 1
        camera.show(4, key=True, packets=2)
        begin_mirror(spec, world.plane, elsewhere.plane)
        assert elsewhere.plane.read_history(100, None, 100) == world.plane.read_history(100, None, 100)
        watching = Watching.on(world, elsewhere)
        watching.play(100)
        camera.show(2)
        assert len(watching.take()) == 10
        assert elsewhere.count["tx_replayed"] == 7
        assert elsewhere.take_events(Kind.KEYFRAME_WANTED) == []

    def test_late_joiner(self, world: World, elsewhere: World) -> None:
        publisher, _ = mirrored(world, elsewhere)
        Camera(publisher).show(6, key=True, packets=2)
        watching = Watching.on(world, elsewhere)
        watching.play(100)
        assert len(watching.take()) == 12

    def test_nack_is_answered_by_the_mirror(self, world: World, elsewhere: World) -> None:
        publisher, _ = mirrored(world, elsewhere)
        watching = Watching.on(world, elsewhere)
        route = watching.play(100)
        Camera(publisher).show(3, key=True, packets=2)
        watching.take()
        watching.nack(route, FIRST_SEQUENCE + 1, FIRST_SEQUENCE + 4, 7)
        assert len(watching.take()) == 2
        assert (elsewhere.count["tx_rtx"], elsewhere.count["drop_nack_unknown"]) == (2, 1)

    def test_loss_that_is_repaired(self, world: World, elsewhere: World) -> None:
        publisher, _ = mirrored(world, elsewhere)
        watching = Watching.on(world, elsewhere)
        route = watching.play(100)
        first, lost, last = Camera(publisher).picture(key=True, packets=3)
        publisher.send(first)
        publisher.send(last)
        world.later(20)
        publisher.send(rtx(1, lost))
        assert len(watching.take()) == 3
        watching.nack(route, FIRST_SEQUENCE + 1)
        assert len(watching.take()) == 1
        assert elsewhere.plane.read_history(100, None, 9) == world.plane.read_history(100, None, 9)

    def test_new_numbering(self, world: World, elsewhere: World) -> None:
        publisher, _ = mirrored(world, elsewhere)
        watching = Watching.on(world, elsewhere)
        watching.play(100)
        camera = Camera(publisher, sequence=40_000)
        camera.show(3, key=True)
        camera.sequence = 9
        camera.show(2)
        assert len(watching.take()) == 3
        assert len(elsewhere.take_events(Kind.KEYFRAME_WANTED)) == 2
        camera.show(2, key=True)
        assert len(watching.take()) == 2
        assert elsewhere.plane.read_history(100, None, 9) == world.plane.read_history(100, None, 9)

    def test_encoder_that_begins_anew(self, world: World, elsewhere: World) -> None:
        """Another SSRC, numbers next to the old ones: nothing but the index says that these are others."""
        publisher, _ = mirrored(world, elsewhere)
        watching = Watching.on(world, elsewhere)
        watching.play(100)
        camera = Camera(publisher)
        camera.show(3, key=True)
        camera.ssrc = CAMERA + 7
        camera.show(3, key=True)
        assert len(watching.take()) == 6
        assert elsewhere.plane.read_history(100, None, 9) == world.plane.read_history(100, None, 9)
        assert len(elsewhere.plane.read_history(100, None, 9)) == 3

    def test_stream_that_ends(self, world: World, elsewhere: World) -> None:
        publisher, spec = mirrored(world, elsewhere)
        watching = Watching.on(world, elsewhere)
        watching.play(100)
        camera = Camera(publisher)
        camera.show(2, key=True)
        watching.take()
        world.plane.remove_stream(100)
        elsewhere.plane.remove_stream(100)
        camera.show(2, key=True)
        assert watching.take() == []
        assert elsewhere.plane.stream_stats(100) is None
        world.plane.add_stream(spec)  # nobody is told of it
        camera.show(2, key=True)
        assert elsewhere.count["rx_relayed"] == 2 and watching.there.take_datagrams() == []

    def test_relay_that_ends(self, world: World, elsewhere: World) -> None:
        publisher, _ = mirrored(world, elsewhere)
        camera = Camera(publisher)
        camera.show(2, key=True)
        world.plane.stop_relay(100, elsewhere.plane)
        world.plane.stop_relay(100, elsewhere.plane)
        world.plane.stop_relay(999, elsewhere.plane)
        camera.show(2)
        assert elsewhere.count["rx_relayed"] == world.count["tx_relayed"] == 2

    def test_origin_that_closes(self, world: World, elsewhere: World) -> None:
        mirrored(world, elsewhere)
        world.plane.clear()
        elsewhere.plane.clear()
        assert elsewhere.plane.stream_stats(100) is None

    def test_packets_for_a_stream_that_is_none_of_ours(self, world: World, elsewhere: World) -> None:
        """Or that comes in here itself."""
        publisher = Peer(world, PUBLISHER)
        world.camera(publisher)
        world.plane.relayed(100, 0x10000, world.now_us, rtp(0, 0, key_picture()))
        world.plane.relayed(101, 0x10000, world.now_us, rtp(0, 0, key_picture()))
        world.plane.relay(999, elsewhere.plane, 0)
        assert world.count["drop_relay_stale"] == 2 and world.plane.read_history(100, None, 9) == []

    def test_what_comes_while_the_mirror_is_filled(self, world: World, elsewhere: World) -> None:
        publisher = Peer(world, PUBLISHER)
        spec = world.camera(publisher)
        camera = Camera(publisher)
        camera.show(2, key=True)
        elsewhere.plane.add_stream(Stream(100, 0, True, 90_000, spec.payload_types))
        held = world.plane.read_history(100, None, 100)
        camera.show(3)
        for index, now_us, packet in held:
            elsewhere.plane.relayed(100, index, now_us, packet)
        world.plane.relay(100, elsewhere.plane, held[-1].now_us)
        assert elsewhere.plane.read_history(100, None, 100) == world.plane.read_history(100, None, 100)
        assert elsewhere.count["drop_relay_stale"] == 1  # the last of `held`, once more

    def test_any_order(self, world: World, elsewhere: World) -> None:
        """Loss, repair, repetition, disorder, jumps: after each packet both planes have sent the same."""
        publisher, _ = mirrored(world, elsewhere)
        watching = Watching.on(world, elsewhere)
        route = watching.play(100)
        choose = random.Random(11)
        sequence, held, sent = 60_000, [], 0
        for number in range(1500):
            sequence += 5000 if number % 300 == 299 else choose.choice((1, 1, 1, 1, 2, 0))
            payload = choose.choice((key_picture, delta_picture, delta_picture, rest_of_picture))(str(number))
            packet = rtp(sequence, number // 3 * 3000, payload)
            world.later(5)
            match choose.randrange(8):
                case 0:
                    held.append(packet)
                case 1 if held:
                    publisher.send(rtx(number, held.pop(choose.randrange(len(held)))))
                case 2 if held:
                    publisher.send(held.pop())
                case 3:
                    watching.nack(route, *(choose.randrange(2**16) for _ in range(3)), FIRST_SEQUENCE + sent - 1)
                case _:
                    publisher.send(packet)
            if number % 200 in (100, 110):
                watching.play(None if number % 200 == 100 else 100)
            sent += len(watching.take())
        assert sent > 500
        assert world.count["history_resets"] == elsewhere.count["history_resets"] > 2
        newest = elsewhere.plane.read_history(100, None, SETTINGS.video_history)
        assert newest == world.plane.read_history(100, None, SETTINGS.video_history)

"""Answers to NACKs."""

from __future__ import annotations

from mediaserver.rtp.packet import abs_send_time
from tests.plane.helpers import (
    FIRST_RTX,
    FIRST_SEQUENCE,
    OUT_RTX,
    OUT_SEND_TIME,
    Camera,
    Peer,
    World,
    rtx,
    sequences,
)


class Answering:
    def test_over_rtx(self, world: World) -> None:
        """RFC 4588 §4: own SSRC, own numbers, the original's number before its payload."""
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        route = world.route(subscriber, 100)
        Camera(publisher).show(5, key=True)
        sent = subscriber.take()
        world.later(40)
        world.nack(route, [sent[3].sequence, sent[1].sequence])
        for number, (again, original) in enumerate(zip(subscriber.take(), (sent[3], sent[1]), strict=True)):
            assert (again.ssrc, again.pt, again.sequence) == (route.rtx_ssrc, OUT_RTX, FIRST_RTX + number)
            assert again.payload == original.sequence.to_bytes(2, "big") + original.payload
            assert (again.timestamp, again.marker) == (original.timestamp, original.marker)
            assert again.extensions == {**original.extensions, OUT_SEND_TIME: abs_send_time(world.now_us)}
        assert world.count["tx_rtx"] == world.plane.route_stats(300).retransmitted == 2
        assert world.plane.route_stats(300).packets == 5, "the sender report counts media alone"

    def test_rtx_numbers_wrap(self, world: World) -> None:
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        route = world.route(subscriber, 100, first_rtx_sequence=0x7FFF)
        Camera(publisher).show(1, key=True)
        subscriber.take()
        for _ in range(0x8002):
            world.nack(route, [FIRST_SEQUENCE])
        assert sequences(subscriber.take()[-3:]) == [0xFFFE, 0xFFFF, 0]

    def test_without_rtx_every_bit_is_the_same(self, world: World) -> None:
        """SRTP would encrypt something else with the nonce used before; GCM does not survive that."""
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        camera = Camera(publisher)
        camera.show(3, key=True)
        route = world.route(subscriber, 100, with_rtx=False)
        camera.show(2)
        late = camera.picture()[0]
        camera.show()
        world.later(30)
        publisher.send(late)
        sent = subscriber.take_datagrams()
        world.later(70)
        numbers = [int.from_bytes(data[2:4], "big") for data in sent]
        world.nack(route, numbers)
        assert len(sent) == 7
        assert subscriber.take_datagrams() == sent

    def test_of_replayed_packets(self, world: World) -> None:
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        camera = Camera(publisher)
        camera.show(6, key=True)
        route = world.route(subscriber, 100)
        sent = subscriber.take()
        camera.show(5)
        subscriber.take()
        world.nack(route, sequences(sent))
        assert [(p.timestamp, p.payload[2:], p.marker) for p in subscriber.take()] == [
            (p.timestamp, p.payload, p.marker) for p in sent
        ]

    def test_of_what_the_publisher_had_to_send_again(self, world: World) -> None:
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        route = world.route(subscriber, 100)
        camera = Camera(publisher)
        camera.show(key=True)
        lost = camera.picture()[0]
        camera.show()
        world.nack(route, [FIRST_SEQUENCE + 1])
        assert world.count["drop_nack_unknown"] == 1
        publisher.send(rtx(1, lost))
        subscriber.take()
        world.nack(route, [FIRST_SEQUENCE + 1])
        assert len(subscriber.take()) == 1

    def test_over_the_wrap(self, world: World) -> None:
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        route = world.route(subscriber, 100, first_sequence=0x7FF0)
        camera = Camera(publisher)
        camera.show(0x8020, key=True)
        sent = {packet.sequence: packet.payload for packet in subscriber.take()[-40:]}
        world.nack(route, [0xFFFE, 0xFFFF, 0, 1])
        assert [p.payload[2:] for p in subscriber.take()] == [sent[n] for n in (0xFFFE, 0xFFFF, 0, 1)]

    def test_what_was_never_sent_or_is_gone(self, world: World) -> None:
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        camera = Camera(publisher)
        camera.show(3)
        route = world.route(subscriber, 100)
        world.nack(route, [FIRST_SEQUENCE])  # it plays nothing yet
        camera.show(80, key=True)
        subscriber.take()
        last = FIRST_SEQUENCE + 79
        world.nack(route, [FIRST_SEQUENCE - 1, FIRST_SEQUENCE, last + 1, last - 64, last ^ 0x8000])
        assert subscriber.take() == []
        assert world.count["drop_nack_unknown"] == 6
        world.nack(route, [last - 63, last])
        assert len(subscriber.take()) == 2

    def test_after_the_publisher_began_a_new_numbering(self, world: World) -> None:
        publisher, subscriber = Peer(world, 1), Peer(world, 2)
        world.camera(publisher)
        route = world.route(subscriber, 100)
        camera = Camera(publisher)
        camera.show(5, key=True)
        camera.sequence += 3000
        camera.show(3, key=True)
        sent = subscriber.take()
        assert len(sent) == 8
        world.nack(route, sequences(sent))
        assert [p.payload[2:] for p in subscriber.take()] == [p.payload for p in sent[5:]]
        assert world.count["drop_nack_unknown"] == 5

"""Over-use, as every plane notices it: what counts, and that all planes come to the same to the last bit."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

import pytest

from mediaserver.plane.overuse import Overuse
from tests.plane.helpers import CAMERA_RTX, MICROPHONE, OPUS, SEND_TIME, VP8, Peer, World, delta_picture, rtp, rtx
from tests.plane.traffic import Arrival, exponential, noise, over_path, sender, step, uniform

Sign = tuple[int, int]
OVERLOAD = over_path(sender(1, 4, step(500_000, 3_000_000, 2)), capacity=lambda _: 1_000_000)


def packet(number: int, arrival: Arrival, *, stamp: bytes | None = None) -> bytes:
    """Of the size the arrival says, from 40 bytes on; every third is of the microphone."""
    pt, ssrc = (OPUS, MICROPHONE) if number % 3 == 0 else (VP8, 0xCA0001)
    stamp = arrival.sent.to_bytes(3, "big") if stamp is None else stamp
    made = rtp(number // 3 if pt == OPUS else number, 0, b"", pt=pt, ssrc=ssrc, extensions=((SEND_TIME, stamp),))
    return made + b"\x00\x01" + bytes(max(0, arrival.size - len(made) - 2))


def publish(world: World, arrivals: Iterable[Arrival]) -> tuple[list[Sign], list[Sign]]:
    """Every new pair of (when, bit/s) that the plane and the detector alone came to."""
    publisher = Peer(world, 1)
    world.camera(publisher)
    world.microphone(publisher)
    path, ours, theirs = Overuse(), [(0, 0)], [(0, 0)]
    for number, arrival in enumerate(arrivals):
        world.now_us = arrival.now_us
        made = packet(number, arrival)
        publisher.send(made)
        path.add(arrival.now_us, arrival.sent, len(made))
        stats = world.plane.transport_stats(1)
        if (sign := (stats.overused_us, stats.overused_rate)) != ours[-1]:
            ours.append(sign)
        if (sign := (path.overused_us, path.overused_rate)) != theirs[-1]:
            theirs.append(sign)
    assert world.count["drop_duplicate"] == world.count["drop_srtp"] == 0
    return ours[1:], theirs[1:]


class NoticingOveruse:
    @pytest.mark.parametrize("seed", range(4))
    def test_same_signs_from_noise(self, world: World, seed: int) -> None:
        ours, theirs = publish(world, islice(noise(seed), 4000))
        assert ours == theirs and len(ours) > 40

    @pytest.mark.parametrize("seed", range(3))
    @pytest.mark.parametrize("jitter", [uniform(0.0), uniform(0.01), exponential(0.005)], ids=["0", "10", "exp5"])
    def test_same_signs_from_a_bottleneck(self, world: World, seed: int, jitter) -> None:
        sent = sender(seed, 4, step(500_000, 2_000_000, 1, 3))
        ours, theirs = publish(world, over_path(sent, seed, capacity=lambda _: 1_000_000, jitter=jitter))
        assert ours == theirs and ours

    @pytest.mark.parametrize("negotiated", [{"abs_send_time_extension": 0}, {"abs_send_time_extension": 9}])
    def test_nothing_is_known_without_the_time_of_sending(self, world: World, negotiated: dict) -> None:
        publisher = Peer(world, 1)
        world.camera(publisher, **negotiated)
        world.microphone(publisher, **negotiated)
        for number, arrival in enumerate(OVERLOAD):
            world.now_us = arrival.now_us
            publisher.send(packet(number, arrival))
        assert world.plane.transport_stats(1).overused_us == 0

    def test_time_of_another_length_is_none(self, world: World) -> None:
        publisher = Peer(world, 1)
        world.camera(publisher)
        world.microphone(publisher)
        for number, arrival in enumerate(OVERLOAD):
            world.now_us = arrival.now_us
            publisher.send(packet(number, arrival, stamp=arrival.sent.to_bytes(4, "big")))
        assert world.plane.transport_stats(1).overused_us == 0

    def test_retransmissions_and_probes_count_with_their_own_times(self, world: World) -> None:
        publisher = Peer(world, 1)
        world.camera(publisher)
        path = Overuse()
        publisher.send(rtp(0, 0, delta_picture()))
        for number, arrival in enumerate(OVERLOAD):
            world.now_us = arrival.now_us
            stamp = (SEND_TIME, arrival.sent.to_bytes(3, "big"))
            if number % 2:
                made = rtx(number, rtp(1000 + number, 0, delta_picture("x" * (arrival.size // 2)), extensions=(stamp,)))
            else:
                made = rtp(number, 0, b"", pt=97, ssrc=CAMERA_RTX, extensions=(stamp,), padding=255)
            publisher.send(made)
            path.add(arrival.now_us, arrival.sent, len(made))
        stats = world.plane.transport_stats(1)
        assert (stats.overused_us, stats.overused_rate) == (path.overused_us, path.overused_rate)
        assert stats.overused_us and world.count["rx_rtx"] and world.count["drop_rtx_padding"]

    def test_each_transport_for_itself(self, world: World) -> None:
        busy, idle = Peer(world, 1), Peer(world, 2)
        world.camera(busy)
        world.camera(idle, id=101)
        for number, arrival in enumerate(OVERLOAD):
            world.now_us = arrival.now_us
            stamp = (SEND_TIME, arrival.sent.to_bytes(3, "big"))
            busy.send(rtp(number, 0, delta_picture("x" * arrival.size), extensions=(stamp,)))
            on_time = (SEND_TIME, (arrival.now_us * 4096 // 15625 & 0xFFFFFF).to_bytes(3, "big"))
            idle.send(rtp(number, 0, delta_picture("x" * arrival.size), extensions=(on_time,)))
        assert world.plane.transport_stats(1).overused_us and not world.plane.transport_stats(2).overused_us

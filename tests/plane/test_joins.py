"""Peers that come and go over real SRTP sessions leave nothing behind."""

from __future__ import annotations

import gc
import os
from dataclasses import replace

from mediaserver.net.dtls import SrtpLibrary
from mediaserver.plane.interface import Address, PlaneSettings, Route, Stream
from mediaserver.plane.native import Engine
from tests.plane.helpers import OPUS, OUT_OPUS, OUT_VP8, VP8, delta_picture, key_picture, rtp, srtp

JOINS = 2000
AT_ONCE = 20
TEACHER, CAMERA, FIRST_PUPIL = 1, 1, 10
GROWTH = 2 * 1024 * 1024
"""Bytes. One history that stays behind at each join would be sixty times that."""


def resident() -> int:
    """Bytes of memory this process has."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_memory_of_joins() -> None:
    engine = Engine(replace(PlaneSettings(), srtp=SrtpLibrary()))
    lectern, teacher = Address(0, ("192.0.2.1", 1)), srtp("teacher", inbound=False)
    engine.add_transport(TEACHER, lectern, srtp("teacher", inbound=True), srtp("-", inbound=False))
    engine.add_stream(Stream(CAMERA, TEACHER, video=True, clock_rate=90_000, payload_types={VP8: "VP8"}, ssrc=CAMERA))
    secrets = [f"pupil {n}" for n in range(AT_ONCE)]
    memory = []

    def join(id: int, now_us: int) -> None:
        secret, address = secrets[id % AT_ONCE], Address(0, ("192.0.2.2", id))
        pupil = srtp(secret, inbound=False)
        engine.add_transport(id, address, srtp(secret, inbound=True), srtp("-" + secret, inbound=False))
        engine.add_stream(Stream(id, id, video=True, clock_rate=48_000, payload_types={OPUS: "opus"}))
        for route, transport, stream in ((id, id, CAMERA), (-id, TEACHER, id)):
            types = {VP8: OUT_VP8, OPUS: OUT_OPUS}
            engine.set_route(Route(route, transport, stream, ssrc=id, clock_rate=90_000, payload_types=types), now_us)
        for number in range(3):
            engine.receive(pupil.protect(rtp(number, number, b"sound", pt=OPUS, ssrc=id)), address, now_us)
        payload = key_picture() if id % 8 == 0 else delta_picture()
        engine.receive(teacher.protect(rtp(id, id * 3000, payload, ssrc=CAMERA)), lectern, now_us)
        engine.retransmit(id, [0, id], now_us)

    def leave(id: int) -> None:
        if id % 2:
            engine.remove_stream(id)
        engine.remove_transport(id)
        engine.remove_route(-id)
        assert engine.transport_stats(id) is engine.stream_stats(id) is engine.route_stats(id) is None
        assert engine.route_stats(-id) is None

    for n in range(JOINS):
        if n >= AT_ONCE:
            leave(FIRST_PUPIL + n - AT_ONCE)
        join(FIRST_PUPIL + n, 10_000_000 + n * 1000)
        assert engine.take_outbox() and engine.take_events()
        if (n + 1) % (JOINS // 4) == 0:
            gc.collect()
            memory.append(resident())
    for n in range(JOINS - AT_ONCE, JOINS):
        leave(FIRST_PUPIL + n)
    assert engine._sessions.keys() == {TEACHER}
    assert memory[3] - memory[1] < GROWTH

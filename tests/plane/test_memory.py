"""What the compiled plane's histories take from the kernel, and give back."""

from __future__ import annotations

import resource
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from mediaserver.net.dtls import SrtpLibrary
from mediaserver.plane.interface import Address, PlaneSettings, Stream
from mediaserver.plane.native import Engine
from tests.plane.helpers import CAMERA, VP8, delta_picture, rtp, srtp

STREAMS = 16
SETTINGS = PlaneSettings(srtp=SrtpLibrary())
VIDEO, AUDIO = SETTINGS.video_history, SETTINGS.audio_history
FROM = [Address(0, ("192.0.2.1", number)) for number in range(1, STREAMS + 1)]
MB = 1_000_000


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine(SETTINGS)
    for number, address in enumerate(FROM):
        engine.add_transport(1 + number, address, srtp("camera", inbound=True), srtp("-", inbound=False))
    yield engine
    engine.clear()


def add_streams(engine: Engine, *, video: bool) -> None:
    spec = Stream(0, 1, video=video, clock_rate=90_000, payload_types={VP8: "VP8"}, ssrc=CAMERA)
    for number in range(STREAMS):
        engine.add_stream(replace(spec, id=number, transport=1 + number))


def fill(engine: Engine, numbers: Sequence[int], size: int) -> int:
    """Every stream is sent packets with these numbers. Returns what that adds to the memory of the process."""
    publisher, payload = srtp("camera", inbound=False), delta_picture("x" * size)
    before, accepted = resident(), engine.counters()["rx_rtp"]
    for number in numbers:
        datagram = publisher.protect(rtp(number, number, payload))
        for address in FROM:
            engine.receive(datagram, address, number, wait=True)
    assert engine.counters()["rx_rtp"] - accepted == STREAMS * len(numbers)
    return resident() - before


def test_memory_goes_with_the_stream(engine: Engine) -> None:
    before = resident()
    for first in (0, VIDEO):
        add_streams(engine, video=True)
        assert fill(engine, range(first, first + VIDEO), 1200) > 35 * MB
        for number in range(STREAMS):
            engine.remove_stream(number)
        assert resident() - before < 5 * MB


@pytest.mark.parametrize(("video", "size", "most"), [(True, 300, 14 * MB), (False, 80, 1.5 * MB)])
def test_small_packets_take_little(engine: Engine, video: bool, size: int, most: float) -> None:
    """Also when every packet has been displaced: nothing is left lying between them."""
    add_streams(engine, video=video)
    assert fill(engine, range(3 * (VIDEO if video else AUDIO)), size) < most


def test_losses_hold_no_memory(engine: Engine) -> None:
    """Of every ten places of the ring one more is left out in each round: what is there keeps its memory in use."""
    add_streams(engine, video=True)
    assert fill(engine, [n for n in range(8 * VIDEO) if n % VIDEO % 10 >= n // VIDEO], 1200) < 70 * MB

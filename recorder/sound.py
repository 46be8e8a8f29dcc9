"""Sound without holes: each packet where the one before ends, and never far from where it belongs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from recorder import opus

TOLERANCE_US = 15_000
"""So far sound may be from its place before a packet of 20 ms is put in or left out, which brings it to within 5 ms on
the other side: enough that two clocks that wander by some ms do not make it jump to and fro."""


class Timed(NamedTuple):
    """:ivar at_us: on the lesson's time line."""

    at_us: int
    data: bytes
    key: bool = True


def lay(heard: Iterable[Timed], begin_us: int) -> Iterator[Timed]:
    """Opus packets one after the other from `begin_us` on; what is missing is concealed, then still.

    :param heard: in order. A sender whose clock is slow against the lesson's has packets put in, a fast one has some
        left out; so are packets before `begin_us`.
    """
    at, before = begin_us, b""
    for packet in heard:
        length = opus.duration_us(packet.data)
        late = packet.at_us - at
        if length == 0 or late < -TOLERANCE_US:
            continue
        if late > TOLERANCE_US:
            for data in opus.silence(before, round(late / opus.FRAME_US)):
                yield Timed(at, data)
                at += opus.FRAME_US
        yield Timed(at, packet.data)
        at += length
        before = packet.data

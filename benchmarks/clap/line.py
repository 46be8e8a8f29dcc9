"""A sender's devices, each with a clock of its own, and the line to the server."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class Skew:
    """How much faster than the server's clock, in millionths. :ivar set_s: what the sender's clock shows at 0, in s."""

    camera: float
    sound: float
    computer: float
    set_s: float = 3_900_000_000.0


@dataclass(frozen=True)
class Network:
    """:ivar delay_s: the least of it. :ivar jitter_s: the mean of what comes on top, exponentially distributed.

    :ivar loss: share of packets that are lost at first. :ivar gone: share that is never repaired.
    """

    delay_s: float = 0.02
    jitter_s: float = 0.01
    loss: float = 0.05
    gone: float = 0.0002
    repair_s: float = 0.06


class Report(NamedTuple):
    ntp: int
    rtp: int
    at_s: float


class Device:
    """A camera or a microphone: packets of `rate` ticks a second, `step` ticks apart.

    :ivar ppm: skew of its clock. :ivar encode_s: from capture to sending.
    """

    def __init__(
        self, rate: int, step: int, ppm: float, pt: int, encode_s: float, network: Network, computer: Skew, seed: int
    ) -> None:
        self._rate, self._step, self._ppm, self._pt = rate, step, ppm, pt
        self._encode_s, self._network, self._computer = encode_s, network, computer
        self._chance = random.Random(seed)
        self._stamp = self._chance.getrandbits(32)
        self._index = self._chance.getrandbits(15)
        self._arrived = 0.0
        self._frame = 0

    def captured_s(self, frame: int) -> float:
        """On the server's clock."""
        return frame * self._step / self._rate / (1 + self._ppm / 1e6)

    def first_after(self, at_s: float) -> int:
        """The first frame captured then or later."""
        frame = int(at_s * (1 + self._ppm / 1e6) * self._rate / self._step) - 1
        while self.captured_s(frame) < at_s:
            frame += 1
        return frame

    def until(self, end_s: float, payload: dict[int, bytes] | list[bytes]) -> Iterator[tuple[int, float, bytes]]:
        """(index, arrival, packet) of what is captured before `end_s`, in order as a recorder gets them.

        :param payload: by frame number, counted on from the last call.
        """
        chance, network = self._chance, self._network
        while (captured := self.captured_s(self._frame)) < end_s:
            data = payload[self._frame]
            stamp = self._stamp + self._frame * self._step & 0xFFFFFFFF
            head = struct.pack("!BBHII", 0x80, 0x80 | self._pt, self._index & 0xFFFF, stamp, self._pt)
            self._frame += 1
            self._index += 1
            if chance.random() < network.gone:
                continue
            at = captured + self._encode_s + network.delay_s + chance.expovariate(1 / network.jitter_s)
            if chance.random() < network.loss:
                at += network.repair_s
            self._arrived = max(self._arrived, at)
            yield self._index - 1, self._arrived, head + data

    def report(self, now_s: float) -> Report | None:
        """Sent at `now_s`, with the small errors that senders make; None when it is lost."""
        chance, network = self._chance, self._network
        if chance.random() < network.loss:
            return None
        ticks = int(now_s * (1 + self._ppm / 1e6) * self._rate + chance.gauss(0, 0.001) * self._rate)
        ntp = int((self._computer.set_s + now_s * (1 + self._computer.computer / 1e6)) * (1 << 32))
        late = network.delay_s + chance.expovariate(1 / network.jitter_s)
        return Report(ntp & 0xFFFFFFFFFFFFFFFF, self._stamp + ticks & 0xFFFFFFFF, now_s + late)

"""The recorder's tap over a ring that goes on while it is read."""

from collections.abc import Sequence

from mediaserver.plane.history import History
from mediaserver.plane.interface import TapPacket
from recorder.tap import Tap


class Ring:
    """A history of 8 packets, read as a plane would."""

    def __init__(self) -> None:
        self.history = History(8, 8)

    def put(self, *sequences: int) -> None:
        for sequence in sequences:
            index = self.history.index(sequence)
            self.history.put(index, sequence.to_bytes(2, "big"), 1000 * sequence)

    def read(self, after: int | None, limit: int) -> Sequence[TapPacket]:
        history = self.history
        start = history.oldest if after is None else max(after + 1, history.oldest)
        indexes = [index for index in range(start, history.highest + 1) if history.holds(index)]
        return [TapPacket(i, history.arrival(i), history.get(i) or b"") for i in indexes[:limit]]


def sequences(packets: Sequence[TapPacket]) -> list[int]:
    return [int.from_bytes(packet.packet, "big") for packet in packets]


def test_reads_on_from_where_it_stood() -> None:
    ring = Ring()
    tap = Tap(ring.read)
    ring.put(1, 2, 3)
    assert sequences(tap.take().packets) == [1, 2, 3]
    assert tap.take() == ((), 0)
    ring.put(4)
    batch = tap.take()
    assert (sequences(batch.packets), batch.missed) == ([4], 0)


def test_limit_leaves_the_rest_for_the_next_call() -> None:
    ring = Ring()
    tap = Tap(ring.read)
    ring.put(1, 2, 3)
    assert sequences(tap.take(2).packets) == [1, 2]
    assert sequences(tap.take(2).packets) == [3]


def test_says_how_many_a_slow_reader_missed() -> None:
    ring = Ring()
    tap = Tap(ring.read)
    ring.put(1, 2)
    tap.take()
    ring.put(*range(3, 21))
    batch = tap.take()
    assert sequences(batch.packets) == list(range(13, 21))
    assert batch.missed == 10


def test_counts_lost_packets_as_missed() -> None:
    ring = Ring()
    tap = Tap(ring.read)
    ring.put(1)
    tap.take()
    ring.put(2, 4)
    batch = tap.take()
    assert (sequences(batch.packets), batch.missed) == ([2, 4], 1)

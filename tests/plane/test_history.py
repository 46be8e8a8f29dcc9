from __future__ import annotations

import pytest

from mediaserver.plane.history import FIRST_INDEX, History, Put


def filled(*sequences: int, size: int = 16) -> History:
    history = History(size, 8)
    for number in sequences:
        history.put(history.index(number), str(number).encode(), number)
    return history


@pytest.mark.parametrize("size", [0, -4, 3, 100])
def test_size_is_a_power_of_two(size: int) -> None:
    with pytest.raises(ValueError, match=f"history size {size} is not a power of two"):
        History(size, 8)


def test_first_packets_may_be_overtaken_at_zero() -> None:
    history = filled(0, 65535, 65534)
    assert [history.get(FIRST_INDEX + n) for n in (-2, -1, 0)] == [b"65534", b"65535", b"0"]
    assert (history.base, history.expected) == (FIRST_INDEX - 2, 3)


@pytest.mark.parametrize(
    ("jump", "outcome"),
    [
        (1, Put.NEW),
        (15, Put.NEW),
        (16, Put.RESET),
        (0x7FFF, Put.RESET),
        (-15, Put.NEW),
        (-16, Put.TOO_OLD),
        (-30, Put.TOO_OLD),
        (-31, Put.RESET),
        (-0x7FFF, Put.RESET),
        (0, Put.DUPLICATE),
    ],
)
def test_jumps(jump: int, outcome: Put) -> None:
    history = filled(30_000)
    index = history.index((30_000 + jump) & 0xFFFF)
    assert history.put(index, b"next", 0) is outcome
    assert history.highest == (index if jump > 0 or outcome is Put.RESET else FIRST_INDEX + 30_000)


def test_indexes_never_go_back() -> None:
    """A tap that reads on after an index must see what comes after any jump."""
    history = filled(50_000)
    for number in (100, 60_000, 59_000, 58_000, 1, 40_000):
        before = history.highest
        assert history.put(history.index(number), b"", 0) is Put.RESET
        assert history.highest > before


def test_restart_needs_no_jump() -> None:
    history = filled(10, 11, 13)
    history.restart()
    index = history.index(12)
    assert not history.holds(index)
    assert history.put(index, b"new", 5) is Put.RESET
    assert (history.gaps, history.expected, history.get(index)) == ({}, 5, b"new")
    assert history.put(history.index(11), b"earlier", 6) is Put.NEW


def test_restart_before_the_first_packet_means_nothing() -> None:
    history = History(16, 8)
    history.restart()
    assert history.put(history.index(5), b"", 0) is Put.NEW


def test_gaps_are_the_youngest_ones() -> None:
    history = filled(0, 4, 14)
    assert sorted(index - FIRST_INDEX for index in history.gaps) == [6, 7, 8, 9, 10, 11, 12, 13]
    assert history.gap_overflow == 4


def test_keyframe_is_the_first_packet_of_its_picture() -> None:
    history = filled(1, 2, 3, 4)
    at = FIRST_INDEX
    assert history.mark_keyframe(at + 3, 900, 30)
    assert not history.mark_keyframe(at + 2, 900, 40)
    assert not history.mark_keyframe(at + 1, 100, 50), "an older keyframe that comes late"
    assert (history.keyframe, history.keyframe_us) == (at + 2, 30)
    assert history.mark_keyframe(at + 4, 1000, 60)

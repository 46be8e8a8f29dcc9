"""When a clock is believed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from signalling.bell.steady import JUMP_S, SETTLE_S, Steady


def test_time_that_passes_is_believed() -> None:
    steady = Steady()
    assert all(steady.jump(1e9 + second, second) is None for second in range(0, 100000, 700))


def test_a_jump_is_believed_when_it_has_stood() -> None:
    steady = Steady()
    steady.jump(1e9, 0)
    assert steady.jump(2e9, 0) == 1e9
    assert steady.jump(2e9 + SETTLE_S - 1, SETTLE_S - 1) == 1e9
    assert steady.jump(2e9 + SETTLE_S, SETTLE_S) is None
    assert steady.jump(2e9 + SETTLE_S + 1, SETTLE_S + 1) is None


def test_a_clock_that_keeps_jumping_is_never_believed() -> None:
    steady = Steady()
    steady.jump(1e9, 0)
    assert all(steady.jump(1e9 + second * 100, second) is not None for second in range(1, 200))


@given(st.lists(st.floats(-JUMP_S / 2, JUMP_S / 2), max_size=50))
def test_small_corrections_are_always_believed(corrections: list[float]) -> None:
    steady, wall = Steady(), 1e9
    for second, correction in enumerate(corrections):
        wall += 1 + correction
        assert steady.jump(wall, second) is None

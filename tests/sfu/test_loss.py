from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.sfu.loss import MAX_AGE_S, MAX_TRIES, REORDER_S, RETRY_S, NackSchedule, ReceptionReporter


class TestNackSchedule:
    def test_time_for_reordering_then_ask_then_ask_again(self) -> None:
        schedule, gap = NackSchedule(), [(0x10005, 1.0)]
        asked = [now for now in (1 + step / 1000 for step in range(200)) if schedule.due(gap, now)]
        assert asked == pytest.approx([1 + REORDER_S + n * RETRY_S for n in range(4)], abs=0.002)

    def test_given_up_after_so_many_tries(self) -> None:
        schedule, gap = NackSchedule(), [(0x10005, 1.0)]
        asked = [now for now in (1 + step / 100 for step in range(100)) if schedule.due(gap, now)]
        assert len(asked) == MAX_TRIES
        assert not schedule.pending

    def test_given_up_when_old(self) -> None:
        schedule = NackSchedule()
        assert schedule.due([(0x10005, 1.0)], 1 + MAX_AGE_S + 0.01) == []
        assert not schedule.pending

    def test_filled_gap_is_forgotten(self) -> None:
        schedule = NackSchedule()
        schedule.due([(0x10005, 1.0), (0x10006, 1.0)], 1.02)
        assert schedule.due([(0x10006, 1.0)], 1.03) == []
        assert schedule.due([], 1.1) == []
        assert (schedule.pending, schedule._asked) == (False, {})

    def test_sixteen_bits_in_order_over_the_wrap(self) -> None:
        schedule = NackSchedule()
        missing = [(0x20001, 1.0), (0x1FFFE, 1.0), (0x20000, 1.0)]
        assert schedule.due(missing, 1.05) == [0xFFFE, 0, 1]

    def test_pending_while_it_waits_for_reordering(self) -> None:
        schedule = NackSchedule()
        assert schedule.due([(5, 1.0)], 1.001) == []
        assert schedule.pending


class TestReceptionReporter:
    """RFC 3550 A.3."""

    def block(self, reporter: ReceptionReporter, expected: int, received: int, now: float = 0.0, highest: int = 0):
        return reporter.report(7, expected=expected, received=received, highest=highest, jitter=3, now=now)

    def test_fraction_is_of_the_interval_and_total_of_all(self) -> None:
        reporter = ReceptionReporter()
        first = self.block(reporter, 100, 75)
        assert (first.fraction_lost, first.packets_lost) == (64, 25)
        second = self.block(reporter, 200, 175)
        assert (second.fraction_lost, second.packets_lost) == (0, 25)
        third = self.block(reporter, 300, 175)
        assert (third.fraction_lost, third.packets_lost) == (255, 125), "all lost does not fit into eight bits"

    def test_nothing_came(self) -> None:
        reporter = ReceptionReporter()
        self.block(reporter, 10, 10)
        assert self.block(reporter, 10, 10).fraction_lost == 0

    def test_late_arrivals_make_up_for_it(self) -> None:
        reporter = ReceptionReporter()
        self.block(reporter, 10, 5)
        block = self.block(reporter, 12, 12)
        assert (block.fraction_lost, block.packets_lost) == (0, 0)

    @pytest.mark.parametrize(("expected", "lost"), [(2**24 + 5, 0x7FFFFF), (0, -0x800000)])
    def test_total_is_clamped_to_24_bits(self, expected: int, lost: int) -> None:
        assert self.block(ReceptionReporter(), expected, 2**25 if lost < 0 else 0).packets_lost == lost

    def test_last_sender_report_and_the_delay_since(self) -> None:
        reporter = ReceptionReporter()
        block = self.block(reporter, 1, 1, now=50.0)
        assert (block.lsr, block.dlsr) == (0, 0)
        reporter.sender_report(0xB44DB705, 100.0)
        block = self.block(reporter, 2, 2, now=105.25)
        assert (block.lsr, block.dlsr) == (0xB44DB705, 0x0005_4000), "the example of RFC 3550 §6.4.1"

    def test_highest_is_extended(self) -> None:
        assert self.block(ReceptionReporter(), 1, 1, highest=0x1_0002_0003).highest_sequence == 0x0002_0003

    @given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), max_size=20))
    def test_fields_always_fit(self, intervals: list[tuple[int, int]]) -> None:
        reporter, expected, received = ReceptionReporter(), 0, 0
        for more_expected, more_received in intervals:
            expected, received = expected + more_expected, received + more_received
            block = self.block(reporter, expected, received)
            assert 0 <= block.fraction_lost <= 255 and block.packets_lost == expected - received

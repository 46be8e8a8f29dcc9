from __future__ import annotations

import itertools

import pytest

from mediaserver.sfu.keyframes import MAX_TRIES, RETRY_S, KeyframeArbiter


@pytest.fixture
def arbiter() -> KeyframeArbiter:
    return KeyframeArbiter(0.5)


def test_first_request_goes_out_at_once(arbiter: KeyframeArbiter) -> None:
    arbiter.request(1, 10.0)
    arbiter.request(2, 10.0)
    assert arbiter.due(10.0) == [1, 2]
    assert arbiter.due(10.0) == []


def test_requests_are_merged_until_a_keyframe_comes(arbiter: KeyframeArbiter) -> None:
    for n in range(100):
        arbiter.request(1, 10.0 + n / 1000)
    assert arbiter.due(10.1) == [1]
    arbiter.request(1, 10.2)
    assert (arbiter.due(10.2), arbiter.merged, arbiter.waiting) == ([], 100, [1])


def test_keyframe_from_before_the_request_does_not_count(arbiter: KeyframeArbiter) -> None:
    arbiter.request(1, 10.0)
    arbiter.due(10.0)
    arbiter.arrived(1, 9.99)
    assert arbiter.waiting == [1]
    arbiter.arrived(1, 10.0)
    assert arbiter.waiting == []
    arbiter.arrived(7, 10.0)


def test_rate_limit_over_fulfilled_requests(arbiter: KeyframeArbiter) -> None:
    sent = []
    for step in range(100):
        now = 10 + step * 0.05
        arbiter.request(1, now)
        sent += [now for _ in arbiter.due(now)]
        arbiter.arrived(1, now)
    assert len(sent) == 10
    assert min(b - a for a, b in itertools.pairwise(sent)) >= 0.5 - 1e-9


def test_lost_request_is_repeated_and_given_up_in_the_end(arbiter: KeyframeArbiter) -> None:
    arbiter.request(1, 10.0)
    sent = [now for now in (10 + step * 0.1 for step in range(200)) if arbiter.due(now)]
    assert len(sent) == MAX_TRIES
    assert all(later - earlier >= RETRY_S - 1e-9 for earlier, later in itertools.pairwise(sent))
    assert arbiter.waiting == []
    arbiter.request(1, 40.0)
    assert arbiter.due(40.0) == [1], "a new wish is a new wish"


def test_retry_is_never_faster_than_the_limit() -> None:
    arbiter = KeyframeArbiter(3.0)
    arbiter.request(1, 0.0)
    assert [now for now in range(10) if arbiter.due(float(now))] == [0, 3, 6, 9]


def test_forget(arbiter: KeyframeArbiter) -> None:
    arbiter.request(1, 10.0)
    arbiter.due(10.0)
    arbiter.forget(1)
    arbiter.forget(1)
    assert (arbiter.waiting, arbiter._sent) == ([], {})

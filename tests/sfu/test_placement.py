from __future__ import annotations

import pytest

from mediaserver.sfu.placement import SPREAD_AFTER, place


@pytest.mark.parametrize(
    ("sessions", "of_room", "lead", "expected"),
    [
        ([0], [0], None, 0),
        ([900], [900], 0, 0),
        ([0, 0], [0, 0], None, 0),
        ([3, 1, 2], [0, 0, 0], None, 1),  # a new room: where the fewest are
        ([3, 1, 2], [3, 0, 0], None, 0),  # an old one: where most of it is
        ([5, 6, 7], [1, 2, 1], 2, 2),  # … or rather, its lead
        ([9, 9], [0, 0], 1, 1),
        ([SPREAD_AFTER, 0], [1, 0], 0, 0),
        ([SPREAD_AFTER + 1, 0], [1, 0], 0, 1),
        ([10, SPREAD_AFTER + 11, 11], [0, SPREAD_AFTER, 3], None, 0),
    ],
)
def test_where_a_session_goes(sessions: list[int], of_room: list[int], lead: int | None, expected: int) -> None:
    assert place(sessions, of_room, lead) == expected


def test_large_lesson_fills_all_planes() -> None:
    planes = [0, 0, 0]
    for _ in range(300):
        planes[place(planes, planes, 0, spread_after=10)] += 1
    assert sum(planes) == 300 and max(planes) - min(planes) <= 11


def test_small_lessons_are_not_cut() -> None:
    planes, rooms = [0, 0], [[0, 0] for _ in range(8)]
    for _ in range(SPREAD_AFTER // 8):
        for room in rooms:
            number = place(planes, room, None)
            planes[number] += 1
            room[number] += 1
    assert all(0 in room for room in rooms)
    assert planes[0] == planes[1]

"""Which packet plane a new session goes to."""

from __future__ import annotations

from collections.abc import Sequence

SPREAD_AFTER = 64
"""A room's plane may have so many sessions more than the emptiest one before newcomers go there instead."""


def place(
    sessions: Sequence[int], of_room: Sequence[int], lead: int | None, *, spread_after: int = SPREAD_AFTER
) -> int:
    """The number of a plane.

    Beside its lead where there is room: a stream that is watched on one plane only is relayed nowhere, and people of
    one lesson watch the same streams. But one plane is one core, and a lesson of hundreds must not end there. The
    relay costs one copy per packet and plane, whoever watches, so crossing over pays from a few dozen sessions on;
    below that an uneven load is no harm, because the core that carries it is not full.

    :param sessions: on each plane. :param of_room: of these, the room's. :param lead: plane of its lead's publisher.
    """
    least = min(range(len(sessions)), key=sessions.__getitem__)
    if lead is None and not any(of_room):
        return least
    home = lead if lead is not None else max(range(len(of_room)), key=of_room.__getitem__)
    return least if sessions[home] - sessions[least] > spread_after else home

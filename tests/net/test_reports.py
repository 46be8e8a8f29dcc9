"""Statistics made of what the plane read."""

from __future__ import annotations

import pytest

from mediaserver.net.reports import Reports
from mediaserver.net.session import Session
from mediaserver.plane.interface import RouteStats
from mediaserver.rtp import rtcp
from mediaserver.sfu.ntp import NTP_SECOND
from mediaserver.sfu.room import Room
from tests.net.bench import PORT
from tests.sfu.rooms import subscriber

NOW_S = 1000


class Plane:
    """:ivar routes: route → what its subscriber reported."""

    def __init__(self) -> None:
        self.routes: dict[int, RouteStats] = {}

    def route_stats(self, route: int) -> RouteStats | None:
        return self.routes.get(route)

    def transport_stats(self, transport: int) -> None:
        return None


def test_loss_and_round_trip_are_the_worst_of_the_slots() -> None:
    watching = subscriber("a")
    session = Session("s", 1, Room("r"), "a", "classroom", "subscribe", 0.0, "cname", PORT, connected=True)
    session.subscriber, session.slots_by_ssrc = watching, {slot.ssrc: slot for slot in watching.slots}
    plane = Plane()
    reports = Reports(plane, lambda now_us: int(now_us / 1e6 * NTP_SECOND))

    def told() -> tuple[float, float | None]:
        (stats,) = reports.stats("r", [session], {}, NOW_S).sessions
        return stats.loss, stats.rtt_ms

    assert told() == (0.0, None), "nobody reported yet"
    sent = rtcp.compact_ntp(int((NOW_S - 0.25) * NTP_SECOND))
    near, far, silent = watching.slots[:3]
    plane.routes = {
        near.route: RouteStats(9, 9, 0, True, 16, 5, sent, int(0.23 * 65536), NOW_S * 1_000_000),
        far.route: RouteStats(9, 9, 0, True, 64, 5, sent, int(0.20 * 65536), NOW_S * 1_000_000),
        silent.route: RouteStats(9, 9, 0, True, 1, 5, 0, 0, NOW_S * 1_000_000),
    }
    loss, rtt = told()
    assert loss == 0.25 and rtt == pytest.approx(50, abs=1)

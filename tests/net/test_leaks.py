"""People come and go a hundred times; nothing of them stays."""

from __future__ import annotations

import asyncio
import gc

import pylibsrtp
import pytest
from OpenSSL import SSL

from mediaserver import api
from mediaserver.net.dtls import DtlsSrtp
from mediaserver.net.session import Session
from mediaserver.plane.history import History
from mediaserver.plane.tables import RouteState, StreamState, TransportState
from tests.net.bench import ROOM, Bench

COUNTED = (Session, DtlsSrtp, TransportState, StreamState, RouteState, History)
SHARED = (SSL.Context, SSL.Connection, pylibsrtp.Session)
"""Both ends have these; the peers' are freed a little later."""


def alive(kinds: tuple[type, ...]) -> dict[type, int]:
    objects = gc.get_objects()
    return {kind: sum(1 for one in objects if type(one) is kind) for kind in kinds}


def sizes(bench: Bench) -> dict[str, int]:
    live, tables = bench.live, bench.tables
    return {
        name: len(table)
        for name, table in {
            "sessions": live.sessions,
            "sessions by room": live.sessions._rooms,
            "sessions by participant": live.sessions._participants,
            "joiners": [joiner for room in live.rooms.values() for joiner in room.joined],
            "by key": live._by_key,
            "streams": live._streams,
            "farewells": live._closing,
            "measured": live._reports._measured,
            "wishes": live._arbiter._wishes,
            "keyframes asked": live._arbiter._sent.keys() - live._streams.keys(),
            "ice peers": live.ice._peers,
            "ufrags": live.ice._by_ufrag,
            "ice addresses": live.ice._by_address,
            "transports": tables._transports,
            "addresses": tables._by_address,
            "plane streams": tables._streams,
            "routes": tables._routes,
            "routes of streams": [route for stream in tables._streams.values() for route in stream.routes],
        }.items()
    }


async def leave(bench: Bench, way: int, peer) -> None:
    match way % 3:
        case 0:
            await bench.request(api.CloseSession(peer.session))
        case 1:
            await peer.dtls.stop()
        case 2:
            await bench.request(api.CloseParticipant(ROOM, "guest"))
    await bench.closed(peer)
    await peer.close(farewell=False)
    bench.peers.remove(peer)


async def test_a_hundred_joins_and_leaves(open_bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = open_bench
    monkeypatch.setattr("mediaserver.net.live.ROOM_LINGER_S", 0.0)
    teacher, page = await bench.publish("t", "video"), await bench.watch("t", "video", "audio", role="lead")
    teacher.show(1, key=True)
    await bench.until(lambda: bench.counter("rx_rtp") == 1)
    await bench.until(lambda: not bench.live._arbiter.waiting)

    async def visit(way: int) -> None:
        display = await bench.watch("guest", "video", "audio")
        teacher.show(1, key=True)  # what was shown before may be too old to be replayed
        await display.until(lambda: display.rtp)
        if way % 2:
            camera = await bench.publish("guest", "video", role="classroom")
            camera.show(1, key=True)
            await page.until(lambda: page.rtp)
            await leave(bench, way, camera.peer)
            if bench.heard(api.SessionChanged, session=display.session, state="closed"):
                await display.close(farewell=False)
                bench.peers.remove(display)
                return
        await leave(bench, way, display)

    for way in range(6):
        await visit(way)
    await bench.until(lambda: not bench.live._closing)
    bench.events.clear()
    gc.collect()
    tables, objects, shared = sizes(bench), alive(COUNTED), alive(SHARED)
    for way in range(70):
        await visit(way)
    await bench.until(lambda: not bench.live._closing)
    bench.events.clear()
    assert sizes(bench) == tables
    gc.collect()
    assert alive(COUNTED) == objects
    assert all(number <= shared[kind] for kind, number in alive(SHARED).items())
    assert tables["sessions"] == 2
    assert bench.counter("session_closed") >= 100


async def test_sessions_go_without_a_collection(open_bench: Bench) -> None:
    """A full one may be minutes away: until then each would hold its keys and its TLS, 75 kB."""
    bench = open_bench
    gc.collect()
    gc.disable()
    try:
        before = alive((Session, DtlsSrtp))
        for way in range(6):
            await leave(bench, way, await bench.watch("guest", "video"))
        # The last one may still be on its way.
        await bench.until(
            lambda: all(number <= before[kind] + 1 for kind, number in alive((Session, DtlsSrtp)).items())
        )
    finally:
        gc.enable()


async def test_rooms_that_nobody_is_in_any_more(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mediaserver.net.live.ROOM_LINGER_S", 0.0)
    for number in range(100):
        await bench.request(api.Mute(f"room{number}", "a", True))
        await bench.request(api.ShowTiles(f"room{number}", "t", ("a",)))
    peer = await bench.offer_watch("a", room="another")
    await bench.request(api.CloseSession(peer.session))
    await bench.until(lambda: not bench.live.rooms)


async def test_tasks_do_not_pile_up(bench: Bench) -> None:
    before = len(asyncio.all_tasks())
    for _ in range(10):
        peer = await bench.offer_watch("a")
        await peer.reach()
    await bench.request(api.CloseParticipant(ROOM, "a"))
    await bench.until(lambda: not bench.live._closing)
    assert len(asyncio.all_tasks()) == before

"""Long-lived objects and the order in which they end.

`MediaServer.stop` and whoever runs it:

1. New sessions are refused (`draining`); commands about old ones find less and less.
2. `Live._ticker`, then `Live._nack_timer`: nothing starts by itself from here on.
3. Every session, one after the other, each in this order:
   a. `Live.sessions`, `Live._by_key`, `Live._streams`, the keyframe arbiter: nothing finds it any more;
   b. the room: its tracks, its slots; other subscribers' slots follow and are told;
   c. RTCP BYE for its slots, while its SRTP context is there to protect it;
   d. the plane: routes, then streams, then the transport with its address and SRTP contexts;
   e. a farewell task: DTLS close_notify, then ICE forgets the ufrags and addresses (DTLS needs them to send);
   f. `SessionChanged(closed)`, then `TracksChanged` for a publisher.
4. The farewell tasks, together for at most `CLOSE_TIMEOUT_S`; what is left is cancelled and forgets its ICE state.
5. Rooms.
6. The plane: readers off the loop, sockets closed, tables cleared. A datagram that is sent later is dropped.
7. The event loop, the process's certificate and the bus end with whoever made them.

A single session ends by step 3 alone; its room follows after `ROOM_LINGER_S`, or at once with `CloseRoom`.
"""

from __future__ import annotations

import asyncio
import time

import pytest

from mediaserver import api
from mediaserver.net.server import MediaServer
from mediaserver.rtp import rtcp
from mediaserver.settings import MediaSettings
from tests.net.bench import ROOM, Bench
from tests.net.conftest import MakeBench
from tests.net.peer import RawPeer


def journal(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Writes down who is ended when."""
    written: list[str] = []

    def note(owner: object, name: str, label: str) -> None:
        real = getattr(owner, name)

        def noted(*args: object, **kwargs: object) -> object:
            written.append(label)
            return real(*args, **kwargs)

        monkeypatch.setattr(owner, name, noted)

    live = bench.live
    note(live._ticker, "cancel", "ticker")
    note(live._arbiter, "forget", "arbiter")
    note(bench.plane, "send_rtcp", "goodbye")
    note(bench.plane, "remove_transport", "transport")
    note(live.ice, "remove", "ice")
    note(bench.plane, "close", "plane")
    bench.bus.subscribe(lambda event: written.append(f"{type(event).__name__} {getattr(event, 'state', '')}".strip()))
    return written


async def test_order_at_the_end(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    teacher, display = await bench.publish("t", "video"), await bench.watch("a", "video")
    teacher.show(2, key=True)
    await display.until(lambda: len(display.rtp) == 2)
    written = journal(bench, monkeypatch)
    await bench.server.stop()
    assert written == [
        "ticker",
        "arbiter",
        "SlotsChanged",
        "transport",
        "SessionChanged closed",
        "TracksChanged",
        "goodbye",
        "transport",
        "SessionChanged closed",
        "ice",
        "ice",
        "plane",
    ]


async def test_peers_are_told(bench: Bench) -> None:
    teacher, display = await bench.publish("t"), await bench.watch("a")
    runs = [teacher.peer.dtls._task, display.dtls._task]
    await bench.server.stop()
    async with asyncio.timeout(5):
        await asyncio.wait(runs)
    assert (teacher.peer.dtls.state, display.dtls.state) == ("closed", "closed")
    await display.until(lambda: display.feedback(rtcp.Goodbye))
    assert set(display.feedback(rtcp.Goodbye)[0].ssrcs) == set(display.slot_ssrcs)
    assert [event.reason for event in bench.heard(api.SessionChanged, state="closed")] == ["shutdown"] * 2


async def test_nothing_is_left(open_bench: Bench) -> None:
    bench = open_bench
    before = asyncio.all_tasks()
    await bench.publish("t")
    await bench.watch("a")
    await bench.offer_publish("c", role="classroom")
    half_way = await bench.offer_watch("b")
    await half_way.reach()
    await bench.request(api.Call(ROOM, "a"))
    live, tables = bench.live, bench.tables
    await asyncio.gather(bench.server.stop(), *(peer.close() for peer in bench.peers))
    await bench.server.stop()
    assert asyncio.all_tasks() <= before
    for table in (live.sessions, live.rooms, live._by_key, live._streams, live._closing, live._arbiter._wishes):
        assert not table
    for table in (live.ice._peers, live.ice._by_ufrag, live.ice._by_address, live._reports._measured):
        assert not table
    for table in (tables._transports, tables._by_address, tables._streams, tables._routes, tables.events):
        assert not table


async def test_within_its_time_though_farewells_hang(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mediaserver.net.live.CLOSE_TIMEOUT_S", 0.05)

    async def hang(_: object) -> None:
        await asyncio.Event().wait()

    for name in "abc":
        await bench.watch(name)
    monkeypatch.setattr("mediaserver.net.dtls.RTCDtlsTransport.stop", hang)
    farewells = bench.live._closing
    begun = time.monotonic()
    await bench.server.stop()
    assert time.monotonic() - begun < 1
    async with asyncio.timeout(5):
        while farewells:
            await asyncio.wait(farewells)
    assert bench.live.ice._peers == {}
    monkeypatch.undo()


async def test_many_peers_within_the_bound(bench: Bench) -> None:
    await bench.publish("t")
    await asyncio.gather(*(bench.watch(f"c{number}") for number in range(20)))
    begun = time.monotonic()
    await bench.server.stop()
    assert time.monotonic() - begun < 2


async def test_commands_afterwards(bench: Bench) -> None:
    teacher = await bench.publish("t")
    await bench.server.stop()
    with pytest.raises(api.UserError) as caught:
        await bench.request(api.Subscribe(ROOM, "a", "classroom", "v=0"))
    assert caught.value.code == "draining"
    await bench.request(api.CloseSession(teacher.session))
    assert (await bench.request(api.GetStats())).sessions == ()


async def test_port_in_use(bench: Bench) -> None:
    second = MediaServer(MediaSettings(host=("127.0.0.1",), port=bench.server.port), api.LocalBus())
    with pytest.raises(OSError):
        await second.start()
    await second.stop()
    teacher = await bench.publish("t")
    teacher.show(1, key=True)
    await bench.until(lambda: bench.counter("rx_rtp") == 1)


async def test_stop_without_start() -> None:
    server = MediaServer(MediaSettings(), api.LocalBus())
    await server.stop()
    await server.stop()


async def test_same_port_again(make_bench: MakeBench) -> None:
    first = await make_bench()
    port = first.server.port
    await first.publish("t")
    await first.server.stop()
    again = await make_bench(port=port)
    peer = await RawPeer.create()
    again.peers.append(peer)
    assert again.server.port == port
    await again.publish("t")

"""Deliveries on their way to real HTTP servers."""

from __future__ import annotations

import asyncio
import datetime
import socket
import sys
from pathlib import Path

import pytest
from aiohttp import web
from sqlalchemy import update

from mediaserver.api import UserError
from signalling import tls
from signalling.db.engine import Database
from signalling.db.records import Webhook
from signalling.hooks import courier as courier_module
from signalling.hooks import queue
from signalling.hooks.courier import Courier
from signalling.hooks.sender import MAX_ANSWER
from signalling.hooks.webhooks import Webhooks
from tests.bell.county import Clock, audited
from tests.client.waiting import eventually
from tests.hooks.conftest import LOCAL, MakeCourier, beat, deliveries, delivery, hook, put, tries
from tests.hooks.receiver import Receiver


def closed_port() -> int:
    """A port at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_delivery_arrives_signed(
    database: Database, webhooks: Webhooks, courier: Courier, receiver: Receiver, clock: Clock
) -> None:
    made = await hook(webhooks, receiver.url + "?from=tongke", clock)
    [id] = await put(database, made.id, int(clock()))
    await beat(courier)
    [got] = receiver.got
    assert got.is_signed(made.secret) and not got.is_signed("whsec_" + "A" * 32)
    assert (got.id, got.headers["webhook-timestamp"]) == (id, str(int(clock())))
    assert got.headers["content-type"] == "application/json"
    assert got.document["type"] == "booking.booked" and got.document["data"] == {"title": "认识分数", "n": 0}
    row = await delivery(database, id)
    assert (row.status, row.due, row.tries) == ("204", None, 1)
    assert tries(courier, "arrived") == 1
    await beat(courier)
    assert len(receiver.got) == 1


async def test_the_secret_stands_nowhere(database: Database, webhooks: Webhooks, clock: Clock) -> None:
    made = await hook(webhooks, "https://hooks.example/s3cret-path", clock)
    async with database.read() as session:
        row = await session.get(Webhook, made.id)
    assert row is not None and made.secret not in row.secret and "whsec" not in row.secret
    assert made.secret not in repr(made)
    [log] = await audited(database)
    assert "s3cret-path" not in str(log.detail) and log.detail["target"] == "https://hooks.example"


async def test_what_failed_is_tried_again_with_the_same_id(
    database: Database, webhooks: Webhooks, courier: Courier, receiver: Receiver, clock: Clock
) -> None:
    made = await hook(webhooks, receiver.url, clock)
    [id] = await put(database, made.id, int(clock()))
    receiver.answers = [500]
    await beat(courier)
    row = await delivery(database, id)
    assert (row.status, row.answer, row.tries) == ("500", "answer 500", 1)
    assert row.due is not None and 4 <= row.due - clock() <= 8
    await beat(courier)
    assert len(receiver.got) == 1, "not before it is due"
    clock.set(row.due)
    await beat(courier)
    first, second = receiver.got
    assert first.id == second.id == id and first.raw == second.raw
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    assert second.is_signed(made.secret)
    assert (await delivery(database, id)).status == "204"


async def test_it_is_given_up_after_a_day(
    database: Database, webhooks: Webhooks, courier: Courier, receiver: Receiver, clock: Clock
) -> None:
    made = await hook(webhooks, receiver.url, clock)
    began = clock()
    [id] = await put(database, made.id, int(clock()))
    receiver.answers = [503] * 50
    while (due := (await delivery(database, id)).due) is not None:
        clock.set(max(due, clock()))
        await beat(courier)
    assert 9 <= len(receiver.got) <= 12 and 18 * 3600 < clock() - began < 31 * 3600
    assert tries(courier, "given_up") == 1 and tries(courier, "failed") == len(receiver.got) - 1
    row = await delivery(database, id)
    assert (row.due, row.status) == (None, "503")


@pytest.mark.parametrize(
    ("location", "status"), [("http://127.0.0.1:1/", 302), ("/elsewhere", 307), ("https://hooks.example/", 301)]
)
async def test_redirects_are_not_followed(
    location: str,
    status: int,
    database: Database,
    webhooks: Webhooks,
    courier: Courier,
    receiver: Receiver,
    clock: Clock,
) -> None:
    async def redirect(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers={"Location": location})

    made = await hook(webhooks, receiver.url, clock)
    [id] = await put(database, made.id, int(clock()))
    receiver.answers = [redirect]
    await beat(courier)
    assert [got.path for got in receiver.got] == ["/hook"]
    row = await delivery(database, id)
    assert row.status == str(status) and row.due is not None


async def test_an_endless_answer_is_read_a_little(
    database: Database, webhooks: Webhooks, courier: Courier, receiver: Receiver, clock: Clock
) -> None:
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(request)
        while True:
            await response.write(b"\0\xff" + "好".encode() * 20_000)
            sent += 60_000

    made = await hook(webhooks, receiver.url, clock)
    [id] = await put(database, made.id, int(clock()))
    receiver.answers = [endless]
    await beat(courier)
    row = await delivery(database, id)
    assert row.status == "200" and 300 < len(row.answer) <= MAX_ANSWER
    assert "\0" not in row.answer and sent < 50_000_000


async def test_an_answer_that_never_ends_its_head(
    database: Database, webhooks: Webhooks, make_courier: MakeCourier, receiver: Receiver, clock: Clock
) -> None:
    made = await hook(webhooks, receiver.url, clock)
    [id] = await put(database, made.id, int(clock()))
    receiver.answers = [receiver.hang]
    courier = make_courier(timeout_s=0.2)
    await beat(courier)
    row = await delivery(database, id)
    assert row.status == "timeout" and row.due is not None


async def test_rubbish_is_no_answer(database: Database, webhooks: Webhooks, courier: Courier, clock: Clock) -> None:
    async def rubbish(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"SSH-2.0-box\r\n")
        writer.close()

    server = await asyncio.start_server(rubbish, "127.0.0.1", 0)
    made = await hook(webhooks, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", clock)
    [id] = await put(database, made.id, int(clock()))
    await beat(courier)
    server.close()
    assert (await delivery(database, id)).status == "broken"


async def test_a_certificate_that_nobody_vouches_for(
    database: Database, webhooks: Webhooks, courier: Courier, clock: Clock, tmp_path: Path
) -> None:
    files = tls.ensure(tmp_path, ["localhost", "127.0.0.1"], datetime.datetime.now(datetime.UTC))

    async def closed(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(closed, "127.0.0.1", 0, ssl=tls.context(files))
    made = await hook(webhooks, f"https://localhost:{server.sockets[0].getsockname()[1]}/", clock)
    [id] = await put(database, made.id, int(clock()))
    await beat(courier)
    server.close()
    assert (await delivery(database, id)).status == "untrusted"


async def test_messages_of_one_bell_share_a_connection(
    database: Database, webhooks: Webhooks, courier: Courier, receiver: Receiver, clock: Clock
) -> None:
    made = await hook(webhooks, receiver.url, clock)
    await put(database, made.id, int(clock()), 3 * queue.BATCH)
    await beat(courier)
    assert len(receiver.got) == 3 * queue.BATCH and len({got.peer for got in receiver.got}) == 1


async def test_targets_are_judged_when_they_are_connected_to(
    database: Database, webhooks: Webhooks, make_courier: MakeCourier, receiver: Receiver, clock: Clock
) -> None:
    """Saved while the network was allowed, or with a name that has come to mean something else."""
    one = await hook(webhooks, receiver.url, clock)
    other = await hook(webhooks, f"http://localhost:{receiver.port}/", clock)
    ids = [*await put(database, one.id, int(clock())), *await put(database, other.id, int(clock()))]
    await beat(make_courier(allow=()))
    assert receiver.got == []
    for id in ids:
        row = await delivery(database, id)
        assert row.status == "forbidden" and row.due is not None


async def test_a_dead_target_holds_up_nobody(
    database: Database, webhooks: Webhooks, make_courier: MakeCourier, receiver: Receiver, clock: Clock
) -> None:
    hanging = Receiver()
    hanging.answers = [hanging.hang] * 1000
    courier = make_courier(timeout_s=30)
    async with hanging:
        for _ in range(12):
            dead = await hook(webhooks, hanging.url, clock)
            await put(database, dead.id, int(clock()), 5)
        well = await hook(webhooks, receiver.url, clock)
        ids = await put(database, well.id, int(clock()), 7)
        await courier.look()
        await eventually(lambda: len(receiver.got) == 7)
        assert [got.id for got in receiver.got] == ids, "in the order in which they were made"
        await eventually(lambda: len(hanging.got) == courier_module.AT_ONCE_A_TARGET)
        await courier.look()
        assert len(hanging.got) == courier_module.AT_ONCE_A_TARGET


async def test_a_target_that_is_away_rests_longer_and_longer(
    database: Database, webhooks: Webhooks, courier: Courier, receiver: Receiver, clock: Clock
) -> None:
    await receiver.stop()
    made = await hook(webhooks, receiver.url, clock)
    ids = await put(database, made.id, int(clock()), 100)
    for _ in range(600):
        await beat(courier)
        clock.pass_(1)
    tried = sum(row.tries for row in await deliveries(database))
    assert 8 <= tried <= 16, "one message is tried while the others wait"
    assert tries(courier, "failed") == tried
    await receiver.start()
    clock.pass_(courier_module.REST_S[1])
    await beat(courier)
    assert len(receiver.got) >= 100 - tried and {got.id for got in receiver.got} <= set(ids)


async def test_who_answers_gone_is_put_out_of_use(
    database: Database, webhooks: Webhooks, courier: Courier, receiver: Receiver, clock: Clock
) -> None:
    made = await hook(webhooks, receiver.url, clock)
    first, second = await put(database, made.id, int(clock()), 2)
    receiver.answers = [410]
    await beat(courier)
    assert (await delivery(database, first)).due is None
    [log] = await audited(database, "webhook.gone")
    assert (log.actor, log.subject) == ("webhooks", made.id)
    shown = await webhooks.list(None, 10, "")
    assert [it.active for it in shown] == [False]
    before = len(receiver.got)
    await beat(courier)
    assert len(receiver.got) == before <= 2
    assert tries(courier, "given_up") == 1
    assert (await delivery(database, second)).tries <= 1


async def test_one_of_two_servers_sends(
    database: Database,
    database_url: str,
    webhooks: Webhooks,
    make_courier: MakeCourier,
    receiver: Receiver,
    clock: Clock,
) -> None:
    made = [await hook(webhooks, f"{receiver.url}/{n}", clock) for n in range(4)]
    for one in made:
        await put(database, one.id, int(clock()), 30)
    async with Database(database_url) as second:
        couriers = [make_courier(), make_courier(on=second)]
        for _ in range(4):
            await asyncio.gather(*(it.look() for it in couriers))
            await asyncio.gather(*(it.idle() for it in couriers))
            clock.pass_(1)
        assert len(receiver.got) == len({got.id for got in receiver.got}) == 120
        assert [it.held for it in couriers].count(True) == 1
        # The one that sends goes without a word: the other takes over when the lease has run out.
        quiet, other = sorted(couriers, key=lambda it: not it.held)
        await put(database, made[0].id, int(clock()))
        await beat(other)
        assert len(receiver.got) == 120
        clock.pass_(60)
        await beat(other)
        assert len(receiver.got) == 121 and other.held
        await put(database, made[0].id, int(clock()))
        await beat(quiet)
        assert not quiet.held and len(receiver.got) == 121
        await other.stop()
        await beat(quiet)
        assert quiet.held and len(receiver.got) == 122, "at once, when it stopped in order"
        await quiet.stop()


async def test_killed_between_answer_and_commit(
    database: Database,
    database_url: str,
    webhooks: Webhooks,
    make_courier: MakeCourier,
    receiver: Receiver,
    clock: Clock,
) -> None:
    """A real process, killed by the receiver while it waits for the answer; another one sends the same again."""
    made = await hook(webhooks, receiver.url, clock)
    [id] = await put(database, made.id, int(clock()))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.hooks.sending", database_url, str(int(clock())), stdout=asyncio.subprocess.PIPE
    )

    async def kill(request: web.Request) -> web.StreamResponse:
        response = web.Response(status=204)
        process.kill()
        await process.wait()
        return response

    receiver.answers = [kill]
    await process.communicate()
    [got] = receiver.got
    assert got.id == id and (await delivery(database, id)).tries == 0
    await beat(make_courier())  # at once: on this machine one sees that the holder of the lease is dead
    assert [got.id for got in receiver.got] == [id, id] and receiver.got[0].raw == receiver.got[1].raw
    assert (await delivery(database, id)).status == "204"


async def test_an_answer_that_cannot_be_written_is_asked_for_again(
    database: Database,
    webhooks: Webhooks,
    courier: Courier,
    receiver: Receiver,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = await hook(webhooks, receiver.url, clock)
    [id] = await put(database, made.id, int(clock()))

    async def away(*_: object) -> bool:
        raise UserError(503, "database_unavailable", "The database is away.")

    with monkeypatch.context() as patch:
        patch.setattr(queue, "record", away)
        await beat(courier)
    await beat(courier)
    assert [got.id for got in receiver.got] == [id, id]
    assert (await delivery(database, id)).tries == 1


async def test_a_secret_of_another_server_signs_nothing(
    database: Database, webhooks: Webhooks, courier: Courier, receiver: Receiver, clock: Clock
) -> None:
    elsewhere = Webhooks(database, b"other" * 8, LOCAL)
    made = await hook(elsewhere, receiver.url, clock)
    [id] = await put(database, made.id, int(clock()))
    await beat(courier)
    row = await delivery(database, id)
    assert row.status == "unsigned" and row.due is not None and receiver.got == []
    secret = await webhooks.renew(made.id, "tester", clock())
    clock.set(row.due)
    await beat(courier)
    assert receiver.got[0].is_signed(secret)


async def test_old_deliveries_are_forgotten_and_too_many_given_up(
    database: Database,
    webhooks: Webhooks,
    courier: Courier,
    receiver: Receiver,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queue, "MAX_WAITING", 5)
    await receiver.stop()
    made = await hook(webhooks, receiver.url, clock)
    now = int(clock())
    await put(database, made.id, now - 31 * 86400)
    await put(database, made.id, now - 31 * 86400, due=None, status="500")
    await put(database, made.id, now - 8 * 86400, due=None, status="200")
    [failed] = await put(database, made.id, now - 8 * 86400, due=None, status="500")
    waiting = await put(database, made.id, now, 8)
    clock.pass_(courier_module.SWEEP_S)
    await beat(courier)
    left = {row.id: row for row in await deliveries(database)}
    assert set(left) == {failed, *waiting}
    crowded = [id for id in waiting if left[id].status == queue.CROWDED_OUT]
    assert crowded == waiting[:3] and tries(courier, "given_up") == 3


async def test_what_is_switched_off_waits(
    database: Database, webhooks: Webhooks, courier: Courier, receiver: Receiver, clock: Clock
) -> None:
    made = await hook(webhooks, receiver.url, clock)
    await put(database, made.id, int(clock()))
    await webhooks.change(made.id, "tester", clock(), active=False)
    await beat(courier)
    assert receiver.got == []
    await webhooks.change(made.id, "tester", clock(), active=True)
    await beat(courier)
    assert len(receiver.got) == 1


async def test_sent_again_by_hand_it_has_the_same_id(
    database: Database, webhooks: Webhooks, courier: Courier, receiver: Receiver, clock: Clock
) -> None:
    made = await hook(webhooks, receiver.url, clock)
    [id] = await put(database, made.id, int(clock()))
    await beat(courier)
    again = await webhooks.again(id, "tester", clock())
    assert (again.tries, again.due) == (0, int(clock()))
    await beat(courier)
    assert [got.id for got in receiver.got] == [id, id]


async def test_a_round_ends_when_its_target_changes(
    database: Database, webhooks: Webhooks, courier: Courier, receiver: Receiver, clock: Clock
) -> None:
    made = await hook(webhooks, f"http://127.0.0.1:{closed_port()}/", clock)
    await put(database, made.id, int(clock()), 2)
    await beat(courier)
    async with database.write() as session:
        await session.execute(update(Webhook).values(url=receiver.url))
    clock.pass_(10)
    await beat(courier)
    assert len(receiver.got) == 2, "another target need not rest"

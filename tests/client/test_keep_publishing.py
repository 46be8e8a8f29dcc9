"""Publishing that comes back by itself."""

from __future__ import annotations

import asyncio

import pytest

from mediaserver.api import UserError
from signalling.client.http import SignallingClient
from signalling.client.lesson import Lesson
from signalling.client.publisher import keep_publishing
from tests.client.answerer import Answerer
from tests.client.waiting import eventually

QUICK = (0.02, 0.1)


async def test_a_lost_session_is_opened_again(client: SignallingClient, answerer: Answerer) -> None:
    said: list[str] = []
    work = asyncio.create_task(
        keep_publishing(
            client, "demo", lambda: [Lesson().sound], takeover=True, say=lambda t, _: said.append(t), backoff=QUICK
        )
    )
    await answerer.until(lambda: answerer.packets["audio"])
    await answerer.close_connections()
    await eventually(lambda: said == ["published", "lost", "published"])
    assert answerer.queries == ["takeover=1", ""]  # nobody is thrown out a second time
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work


async def test_passing_problems_are_waited_out(client: SignallingClient, answerer: Answerer) -> None:
    said: list[tuple[str, str]] = []
    answerer.problem = (503, "draining", "The server is shutting down; try again in a moment.")
    work = asyncio.create_task(
        keep_publishing(client, "demo", lambda: [Lesson().sound], say=lambda *a: said.append(a), backoff=QUICK)
    )
    await eventually(lambda: len(said) >= 2)
    assert {event for event, _ in said} == {"waiting"}
    assert said[0][1].startswith("The server is shutting down; try again in a moment. Next attempt in")
    answerer.problem = None
    await eventually(lambda: said[-1][0] == "published")
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work


async def test_lasting_problems_end_it(client: SignallingClient, answerer: Answerer) -> None:
    answerer.problem = (401, "token_expired", "The room token has expired; ask for a new link.")
    with pytest.raises(UserError, match=r"has expired"):
        await keep_publishing(client, "demo", lambda: [Lesson().sound], say=lambda *_: None, backoff=QUICK)


async def test_whoever_took_over_keeps_the_room(client: SignallingClient, answerer: Answerer) -> None:
    work = asyncio.create_task(
        keep_publishing(client, "demo", lambda: [Lesson().sound], say=lambda *_: None, backoff=QUICK)
    )
    await answerer.until(lambda: answerer.packets["audio"])
    answerer.problem = (409, "room_has_lead", "Another teacher is live in this room.")
    await answerer.close_connections()
    with pytest.raises(UserError) as caught:
        await work
    assert caught.value.code == "taken_over"

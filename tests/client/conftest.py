"""Fixtures of the Python clients' tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from signalling.client.http import SignallingClient
from tests.client.answerer import Answerer


@pytest.fixture
async def answerer() -> AsyncIterator[Answerer]:
    async with Answerer() as answerer:
        yield answerer


@pytest.fixture
async def client(answerer: Answerer) -> AsyncIterator[SignallingClient]:
    async with SignallingClient(answerer.url, "a-token") as client:
        yield client

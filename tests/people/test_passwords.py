"""Hashes, who waits for whom, and which passwords are refused."""

from __future__ import annotations

import asyncio
import threading
import unicodedata
from collections.abc import Iterator

import pytest

from mediaserver.api import UserError
from signalling.people import passwords
from signalling.people.passwords import Passwords, check
from tests.people.conftest import PASSWORD


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("kurz", "too short"),
        ("neunzehn9", "too short"),
        ("x" * 201, "too long"),
        ("jiaoshi-jia", "contains the login name"),
        ("Mein-JIAOSHI-JIA", "contains the login name"),
        ("1234567890", "guessed first"),
        ("13800138000", "guessed first"),
        ("password123!", "guessed first"),
        ("Qwertyuiop", "guessed first"),
        ("woaini1314520", "guessed first"),
        ("a123456789", "guessed first"),
        ("abababababab", "guessed first"),
    ],
)
def test_weak_ones(password: str, words: str) -> None:
    with pytest.raises(UserError, match=words) as caught:
        check(password, "jiaoshi-jia")
    assert (caught.value.status, caught.value.code) == (400, "weak_password")
    assert password not in caught.value.detail


@pytest.mark.parametrize("password", [PASSWORD, "床前明月光疑是地上霜", "correct horse battery", "x7#kQ!2pLm"])
def test_strong_ones(password: str) -> None:
    check(password, "jiaoshi-jia")
    check(password, "x7")  # so short a login name is in many a password


async def test_hashes(hasher: Passwords) -> None:
    hashed = await hasher.hash(PASSWORD)
    assert hashed.startswith("$argon2id$") and len(hashed) <= 200 and PASSWORD not in hashed
    assert hashed != await hasher.hash(PASSWORD)
    async with hasher.turn() as turn:
        assert await turn.verify(hashed, PASSWORD)
        assert not await turn.verify(hashed, PASSWORD + "x")
        assert not await turn.verify(hashed, "")
        assert not await turn.verify("no hash", PASSWORD)
        assert not await turn.verify(None, PASSWORD)


@pytest.mark.parametrize("password", ["zu\u0308rich-am-see", "\ud800-is-no-character", "nul\0-inside-it"])
async def test_whatever_is_typed(hasher: Passwords, password: str) -> None:
    hashed = await hasher.hash(password)
    async with hasher.turn() as turn:
        assert await turn.verify(hashed, unicodedata.normalize("NFC", password))
        assert not await turn.verify(hashed, "x" * 100_000)


async def test_real_parameters_are_not_cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert passwords.PARAMETERS["memory_cost"] >= 19 * 1024 and passwords.PARAMETERS["time_cost"] >= 2
    real = Passwords(1)
    try:
        hashed = await real.hash(PASSWORD)
        assert "$m=19456,t=2,p=1$" in hashed
        assert not real.outdated(hashed)
        assert real.outdated("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI")
    finally:
        real.close()


class Slow:
    """Hashes when it is let; counts how many do at once, and says when both workers do."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.full = threading.Event()
        self.lock = threading.Lock()
        self.now = self.most = 0

    def hash(self, _: bytes) -> str:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
            if self.now == 2:
                self.full.set()
        assert self.go.wait(10)
        with self.lock:
            self.now -= 1
        return "hashed"


@pytest.fixture
def slow(hasher: Passwords) -> Iterator[Slow]:
    made = Slow()
    hasher._argon2 = made  # type: ignore[assignment]
    yield made
    made.go.set()


async def test_few_at_once_and_all_in_the_end(hasher: Passwords, slow: Slow) -> None:
    tasks = [asyncio.create_task(hasher.hash(PASSWORD)) for _ in range(1000)]
    assert await asyncio.to_thread(slow.full.wait, 10)
    slow.go.set()
    assert await asyncio.gather(*tasks) == ["hashed"] * 1000
    assert slow.most == hasher.workers == 2


async def test_the_line_has_an_end(hasher: Passwords, slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "MAX_WAITING", 3)
    tasks = [asyncio.create_task(hasher.hash(PASSWORD)) for _ in range(4)]
    [refused] = (await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED))[0]
    assert isinstance(error := refused.exception(), UserError) and (error.status, error.code) == (503, "busy")
    slow.go.set()
    assert sum(isinstance(it, str) for it in await asyncio.gather(*tasks, return_exceptions=True)) == 3
    assert await hasher.hash(PASSWORD) == "hashed"


async def test_whoever_leaves_makes_room(hasher: Passwords, slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "MAX_WAITING", 3)
    tasks = [asyncio.create_task(hasher.hash(PASSWORD)) for _ in range(3)]
    assert await asyncio.to_thread(slow.full.wait, 10)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    slow.go.set()
    assert await hasher.hash(PASSWORD) == "hashed"

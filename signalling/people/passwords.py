"""Passwords: argon2id, a few at a time beside the event loop, and what a password has to be."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import unicodedata
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from mediaserver.api import UserError

T = TypeVar("T")

MIN_LENGTH, MAX_LENGTH = 10, 200
PARAMETERS = {"time_cost": 2, "memory_cost": 19 * 1024, "parallelism": 1}
"""OWASP's choice for argon2id (Password Storage Cheat Sheet): 19 MiB and some 20 ms of one core each. A whole county
signs in at 08:00 on the machine that forwards its lessons: the larger settings of RFC 9106 §4 are not for it."""
MAX_WAITING = 4000
COMMON = frozenset(
    """
    abc abcd abcdef abcdefg abcdefgh abcdefghij admin administrator adminadmin asdf asdfgh asdfghjkl baobei beijing
    caonima changeme classroom computer default dragon football guest hello helloworld iloveu iloveyou jiaoshi kaixin
    laoshi letmein lijie liwei login loveyou manager master monkey mima mypassword nihao nihaoma passw passwd password
    passwordpassword passwort pw pwd p pass q qaz qazwsx qazwsxedc qq qqww qwe qweasd qweasdzxc qwer qwerasdf qwert
    qwerty qwertyui qwertyuiop root school secret shanghai student sunshine superman system teacher temp test testtest
    tongke user wang wangwei welcome woaini woainiwoaini woshishui xiaoxue xuesheng xuexiao yanjiu zaq zaqxsw zhang
    zhangwei zhongguo zhonghua zhongxue zxc zxcv zxcvbn zxcvbnm a aa aaa as asd az b c d e f g h i j k l m n o r s t
    u v w x y z zz ly lx wx zx zy
    """.split()
)
"""What the commonest passwords are without the digits and signs that are put around them."""


def check(password: str, login: str) -> None:
    """:raises UserError: 400 `weak_password`, with what to do."""
    plain = unicodedata.normalize("NFC", password).casefold()
    letters = "".join(character for character in plain if character.isalpha())
    if len(plain) < MIN_LENGTH:
        sentence = f"The password is too short; take at least {MIN_LENGTH} characters, such as three words."
    elif len(plain) > MAX_LENGTH:
        sentence = f"The password is too long; take at most {MAX_LENGTH} characters."
    elif login and (plain == login or (len(login) >= 4 and login in plain)):
        sentence = "The password contains the login name; choose another one."
    elif not letters or letters in COMMON or len(set(plain)) < 5:
        sentence = "The password is one that is guessed first; take three words that do not belong together."
    else:
        return
    raise UserError(400, "weak_password", sentence)


class Passwords:
    """Makes and checks hashes. At most `workers` at once, each with its 19 MiB; the others wait in line.

    :ivar workers: half of the cores, so that media and pages keep the other half.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or max(1, (os.cpu_count() or 2) // 2)
        self._argon2 = PasswordHasher(**PARAMETERS)
        self._pool = ThreadPoolExecutor(self.workers, thread_name_prefix="argon2")
        self._turns = asyncio.Semaphore(self.workers)
        self._waiting = 0
        self._nobodys = self._argon2.hash(secrets.token_bytes(32))

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[Turn]:
        """Wait in line. :raises UserError: 503 `busy`: the line is too long."""
        if self._waiting >= MAX_WAITING:
            raise UserError(503, "busy", "Too many people are signing in at this moment; try again in a minute.")
        self._waiting += 1
        try:
            async with self._turns:
                yield Turn(self._argon2, self._pool, self._nobodys)
        finally:
            self._waiting -= 1

    async def hash(self, password: str) -> str:
        async with self.turn() as turn:
            return await turn.hash(password)

    def outdated(self, hashed: str) -> bool:
        """Whether it was made with other parameters than today's."""
        return self._argon2.check_needs_rehash(hashed)

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


class Turn:
    """A place at one of the workers."""

    def __init__(self, argon2: PasswordHasher, pool: ThreadPoolExecutor, nobodys: str) -> None:
        self._argon2 = argon2
        self._pool = pool
        self._nobodys = nobodys

    async def hash(self, password: str) -> str:
        return await self._work(lambda: self._argon2.hash(_bytes(password)))

    async def verify(self, hashed: str | None, password: str) -> bool:
        """:param hashed: None for somebody who is unknown or has no password: that takes as long as a wrong one."""
        right = await self._work(lambda: self._verify(hashed or self._nobodys, password))
        return right and hashed is not None

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self._argon2.verify(hashed, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False

    async def _work(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)


def _bytes(password: str) -> bytes:
    """The same for all ways to type it (RFC 8265 §4.2.2 maps to NFC), and cut where nobody types."""
    return unicodedata.normalize("NFC", password)[: MAX_LENGTH + 1].encode("utf-8", "surrogatepass")

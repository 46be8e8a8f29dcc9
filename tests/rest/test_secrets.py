"""What opens something is told to whom it is for, and stands nowhere else; nobody keeps an answer."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import aiohttp
from sqlalchemy import select

from signalling.access import Rule
from signalling.db.base import Base
from signalling.rest.api import Api
from signalling.rest.operation import Operation
from tests.devices.conftest import Person, World, audit_rows, clock, open_world, world
from tests.rest.fuzz.scene import Scene, scene
from tests.rest.walk import CASES, ids_of
from tests.signalling.test_app import captured

__all__ = ["clock", "open_world", "world"]

WORDS = ("herbst-laterne-zug", "winter-fenster-maus", "sommer-treppe-igel", "dampf-kessel-rohr")
"""Passwords; none of them is told back."""
TELLS = ("key", "claim", "token", "secret", "csrf", "url")
"""Members of answers that open something."""
LAST = ("webhooks_remove", "devices_revoke", "regions_remove", "people_password", "me_password", "me_logout")
SPOKEN: dict[str, dict[str, Any]] = {
    "people_create": {"name": "教师丙", "login": "bing", "password": WORDS[0], "school": "s0"},
    "people_password": {"password": WORDS[1]},
    "me_password": {"old": WORDS[0], "new": WORDS[2]},
    "me_login": {"login": WORDS[1], "password": WORDS[0]},  # typed into the wrong field
    "devices_add_box": {"classroom": "r0", "name": "录播", "url": "rtsp://box@127.0.0.1:1/", "password": WORDS[3]},
    "devices_change": {"password": WORDS[3]},
}


def opened_by(document: Any) -> set[str]:
    """What an answer tells that opens something."""
    if isinstance(document, list):
        return {it for member in document for it in opened_by(member)}
    if not isinstance(document, dict):
        return set()
    found = {it for member in document.values() for it in opened_by(member)}
    for name in TELLS:
        value = document.get(name)
        if isinstance(value, str) and len(value) > 16 and not value.startswith("rtsp"):
            # An address ends with what opens it; a key written in base64 may hold a stroke of its own.
            at = value.startswith(("http", "/"))
            found.add(value.rpartition("token=")[2].rpartition("/")[2].removesuffix(".ics") if at else value)
    return found


class Round:
    """Everything that can be asked, once, by those who may. :ivar secrets: that were sent or told."""

    def __init__(self, world: World, made: Scene) -> None:
        self.world = world
        self.made = made
        self.secrets: set[str] = set(WORDS)
        self.answers: list[tuple[str, int, str]] = []
        self.problems = ""

    async def all(self) -> None:
        boss = await self.world.sign_in("boss")
        nobody = await self.world.browser()
        ids = ids_of(self.made)
        api: Api = self.world.server.signalling.api
        for operation in sorted(api.operations, key=lambda it: LAST.index(it.id) + 1 if it.id in LAST else 0):
            await self._ask(operation, boss, nobody, ids)
        for value in (*self.made.device.values(), *self.made.room.values()):
            self.secrets.add(value.removeprefix("Bearer "))
        self.secrets.add(boss._csrf)
        self.secrets.discard("")

    async def _ask(self, operation: Operation, boss: Person, nobody: aiohttp.ClientSession, ids: Any) -> None:
        case = CASES.get(operation.id)
        path = operation.path.format(**ids) + (f"?{case.query}" if case and case.query else "")
        body = SPOKEN.get(operation.id, case.body if case else {})
        if operation.id in ("device_enter", "device_assistant"):
            body = {"lesson": self.made.lesson}
        more: dict[str, Any] = (case.raw if case else None) or ({} if body is None else {"json": body})
        if operation.rule is Rule.PERSON:
            answer = await boss.call(operation.method, path, **more)
            await self._heard(operation, await boss.call(operation.method, path, json=list(WORDS)))
        else:
            headers = {Rule.DEVICE: self.made.device, Rule.TOKEN: self.made.room}.get(operation.rule, {})
            answer = await nobody.request(operation.method, f"/api/v1{path}", headers=headers, **more)
        for cookie in boss.http.cookie_jar:
            self.secrets.add(cookie.value)
        await self._heard(operation, answer)

    async def _heard(self, operation: Operation, answer: aiohttp.ClientResponse) -> None:
        raw = await answer.read()
        self.answers.append((operation.id, answer.status, answer.headers.get("Cache-Control", "")))
        assert answer.status != 500, (operation.id, raw)
        if answer.status >= 400:
            self.problems += raw.decode()
        elif answer.content_type == "application/json":
            self.secrets |= opened_by(json.loads(raw))


async def test_no_secret_is_in_a_log(world: World) -> None:
    """In no line of structlog or of aiohttp, no problem, no row of the audit log, no metric."""
    made = await scene(world)
    round = Round(world, made)
    written = io.StringIO()
    with captured(written):
        logging.getLogger("aiohttp.access").setLevel(logging.DEBUG)
        await round.all()
    assert {
        "device_enter",
        "device_assistant",
        "webhooks_renew",
        "feeds_renew",
        "pairing_begin",
        "devices_add_box",
    } <= {id for id, status, _ in round.answers if status < 300}
    log, audit = written.getvalue(), str(await audit_rows(world.database))
    metrics = world.server.signalling.metrics.render().decode()
    assert '"event": "request"' in log and len(round.secrets) >= 16
    for secret in round.secrets:
        for name, text in (("log", log), ("audit", audit), ("metrics", metrics), ("problems", round.problems)):
            assert secret not in text, (name, text[max(0, text.find(secret) - 200) :][:400])


async def test_no_secret_is_kept_as_it_was_said(world: World) -> None:
    """In no column of the database: passwords and keys are hashed, secrets of others sealed."""
    made = await scene(world)
    round = Round(world, made)
    await round.all()
    tokens = {secret for secret in round.secrets if secret.startswith("eyJ")}
    async with world.database.read() as session:
        for table in Base.metadata.sorted_tables:
            kept = str([tuple(row) for row in await session.execute(select(table))])
            for secret in round.secrets - tokens:
                assert secret not in kept, (table.name, secret)


async def test_no_answer_is_kept_by_a_cache(world: World) -> None:
    round = Round(world, await scene(world))
    await round.all()
    assert {id for id, _, _ in round.answers} == {it.id for it in world.server.signalling.api.operations}
    for id, status, said in round.answers:
        # Calendar programs ask again each hour whether anything is new; theirs is kept, and asked for each time.
        feed = id.endswith("_ics") and status == 200
        assert said == ("private, no-cache" if feed else "no-store"), (id, status)
    boss = await world.sign_in("boss")
    for method, path, more in (
        ("GET", "/nothing", {}),
        ("PUT", "/me", {}),
        ("POST", "/calendars", {"data": b"x" * 100_000}),
        ("POST", "/calendars", {"data": b"x", "headers": {"Content-Type": "text/plain"}}),
        ("TRACE", "/me", {}),
    ):
        answer = await boss.call(method, path, **more)
        assert answer.status >= 400 and answer.headers["Cache-Control"] == "no-store", (method, path)
        assert answer.content_type == "application/problem+json"

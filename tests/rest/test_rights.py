"""Every operation of `/api/v1` × every role × where it is had: refused exactly where the table says so."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from sqlalchemy import insert

from mediaserver.api import UserError
from signalling.access import Rule
from signalling.db.engine import Database
from signalling.db.people import Person as PersonRow
from signalling.db.people import RoleGrant
from signalling.db.places import Classroom, Region, School
from signalling.people import scopes
from signalling.people.door import SAFE_METHODS
from signalling.people.roles import ROLES, SYSTEM, TABLE, Chain, Grant, Scope, own
from signalling.rest.operation import Operation
from tests.devices.conftest import Person, World, clock, open_world, problem, world
from tests.rest.fuzz.scene import Scene, scene
from tests.rest.walk import CASES, OPEN, Case, Target, ids_of

__all__ = ["clock", "open_world", "world"]

PLACES = [SYSTEM, Scope("region", "county"), Scope("school", "s1"), Scope("region", "west"), Scope("school", "west0")]
"""Everything, the county that it all lies in, a school at the other end of a lesson, and two places beside."""


@dataclass
class Walk:
    """:ivar ids: parameter of a path → what stands there. :ivar chains: (right, target) → what it lies within."""

    scene: Scene
    operations: tuple[Operation, ...]
    ids: dict[str, str]
    chains: dict[tuple[str, Target], Chain]

    def path(self, operation: Operation) -> str:
        case = CASES.get(operation.id, Case())
        return operation.path.format(**self.ids) + (f"?{case.query}" if case.query else "")

    async def ask(self, person: Person, operation: Operation) -> aiohttp.ClientResponse:
        case = CASES[operation.id]
        more = case.raw or ({} if case.body is None else {"json": case.body})
        return await person.call(operation.method, self.path(operation), **more)


@pytest.fixture
async def walk(world: World, monkeypatch: pytest.MonkeyPatch) -> Walk:
    made = await scene(world)
    database = world.database
    async with database.write() as session:
        session.add(Region(id="west", parent="city", kind="county", name="西县", path="/city/west/"))
        await session.flush()
        session.add(School(id="west0", region="west", calendar="other", name="西县小学", kind="receiving"))
        await session.flush()
        session.add(Classroom(id="westr", school="west0", name="录播教室", kind="both"))
    boss = await world.sign_in("boss")
    begun = await boss.call("POST", "/imports/roster", data=b"x", headers={"Content-Type": "application/zip"})
    ids = {**ids_of(made), "import": (await begun.json())["id"]}
    operations = world.server.signalling.api.operations
    chains: dict[tuple[str, Target], Chain] = {}
    async with database.read() as session:
        for operation in operations:
            case = CASES.get(operation.id)
            if case is None or case.everybody or case.lists:
                continue
            for kind, name in case.targets(operation):
                ends = await scopes.find(session, kind, ids.get(name, name))
                chains.update({(right, (kind, name)): ends.chain(right) for right in case.needed(operation)})
    _undo(world, monkeypatch)
    return Walk(made, operations, ids, chains)


def _undo(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a request writes is rolled back and answered 503: all requests meet the same county."""
    database = world.server.signalling._database
    begin = database._transaction

    @contextlib.asynccontextmanager
    async def undone() -> AsyncIterator[Any]:
        async with begin() as session:
            yield session
            raise UserError(503, "undone", "This was allowed; it is undone.")

    async def unnoted(*_: Any, **__: Any) -> None:
        pass

    monkeypatch.setattr(database, "_transaction", undone)
    monkeypatch.setattr(world.server.signalling.people.refusals, "note", unnoted)


async def somebody(database: Database, world: World, id: str, *grants: tuple[str, Scope]) -> Person:
    async with database.write() as session:
        session.add(PersonRow(id=id, name=f"人员{id}"))
        await session.flush()
        rows = [{"person": id, "role": role, "kind": scope.kind, "scope": scope.id} for role, scope in grants]
        if rows:
            await session.execute(insert(RoleGrant), rows)
    return await world.sign_in(id)


async def _missing(answer: aiohttp.ClientResponse) -> bool:
    return answer.status == 404 and (await answer.json())["code"] == "not_found"


def test_each_operation_has_a_case(walk: Walk) -> None:
    for_people = {operation.id for operation in walk.operations if operation.rule is Rule.PERSON}
    assert for_people == set(CASES)
    assert {it.id for it in walk.operations if it.rule in (Rule.PUBLIC, Rule.STRANGER)} == OPEN
    declared = {operation.right for operation in walk.operations if operation.right}
    said = {right for operation in walk.operations for right in CASES.get(operation.id, Case()).rights}
    unused = set(TABLE) - declared - said
    assert unused == {"account.write", "lesson.watch", "metrics.read"}, "rights that no operation asks for"


async def test_each_role_in_each_place(walk: Walk, world: World) -> None:
    wrong: list[str] = []
    refused = answered = 0
    people = [((role, place),) for role in ROLES for place in PLACES]
    for number, grants in enumerate([(), *people]):
        person = await somebody(world.database, world, f"walker{number}", *grants)
        mine = [own(person.id), *(Grant(role, scope) for role, scope in grants)]
        for operation in walk.operations:
            if operation.rule is not Rule.PERSON:
                continue
            may = CASES[operation.id].allows(operation, mine, walk.chains)
            answer = await walk.ask(person, operation)
            is_refused = answer.status == 403 and (await answer.json())["code"] == "forbidden"
            refused, answered = refused + is_refused, answered + (not is_refused)
            if is_refused is may or answer.status in (400, 401, 405, 500) or await _missing(answer):
                wrong.append(f"{operation.id} {grants}: {may=}, {answer.status} {(await answer.read())[:200]!r}")
        await person.http.close()
    assert not wrong, "\n".join(wrong[:40])
    assert refused > 1000 and answered > 500


async def test_what_is_ones_own(walk: Walk, world: World) -> None:
    """Who teaches, assists or asked, without any role."""
    wrong: list[str] = []
    for id in ("t0", "a2"):
        person = await world.sign_in(id)
        for operation in walk.operations:
            if operation.rule is Rule.PERSON:
                may = CASES[operation.id].allows(operation, [own(id)], walk.chains)
                answer = await walk.ask(person, operation)
                is_refused = answer.status == 403 and (await answer.json())["code"] == "forbidden"
                if is_refused is may:
                    wrong.append(f"{operation.id} {id}: {may=}, {answer.status} {(await answer.read())[:200]!r}")
    assert not wrong, "\n".join(wrong)


async def test_without_what_the_rule_asks_for(walk: Walk, world: World) -> None:
    """Nobody, somebody with the credentials of another kind, and somebody whose page is another site's."""
    boss, nobody = await world.sign_in("boss"), await world.browser()
    base = f"http://127.0.0.1:{world.server.port}/api/v1"
    foreign: dict[Rule, list[dict[str, str]]] = {
        Rule.PERSON: [{}, walk.scene.device, walk.scene.room],
        Rule.DEVICE: [{}, await walk.scene.sign_in("boss"), walk.scene.room],
        Rule.TOKEN: [{}, await walk.scene.sign_in("boss"), walk.scene.device],
    }
    for operation in walk.operations:
        for headers in foreign.get(operation.rule, ()):
            answer = await nobody.request(operation.method, base + walk.path(operation), headers=headers)
            assert (await problem(answer))[0] == 401, (operation.id, list(headers))
            assert "WWW-Authenticate" in answer.headers
        if operation.rule is Rule.PERSON and operation.method not in SAFE_METHODS:
            for header in ("", "x" * 43, "\N{LATIN SMALL LETTER E WITH ACUTE}"):
                answer = await boss.call(operation.method, walk.path(operation), headers={"X-CSRF-Token": header})
                assert await problem(answer) == (403, "csrf"), operation.id

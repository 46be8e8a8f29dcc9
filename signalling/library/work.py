"""Stages in the database: who does what, and what came of it. The database is the truth, the queue a reminder.

Whoever changes stages of a resource locks the resource first, so that two workers see one after the other what is to
be done. Each change names the worker it is made for: one whose lease was taken over changes nothing any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import and_, insert, not_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from recorder.spool import UNKNOWN
from signalling.bell import holder
from signalling.db import audit
from signalling.db.library import Resource, Stage, here
from signalling.library import facts, stages, telling
from signalling.library.stages import CHAINS, LOST, NEVER, NO_MODEL, TRIES, Side

LEASE_S = 60
AWAY_DAYS = 7
"""So old may a resource be whose disk or bucket is away, and is still tried again every hour."""
_DETAIL = 500


@dataclass(frozen=True, slots=True)
class Task:
    """One try of one stage. :ivar folder: below the directory of recordings. :ivar facts: of `recorder`'s `Facts`.
    :ivar published: people have it already."""

    resource: str
    kind: str
    stage: str
    tries: int
    worker: str
    folder: str
    facts: dict[str, Any]
    published: bool = False


async def begin(session: AsyncSession, resource: str, kind: str, now: float) -> None:
    """All stages of a new resource, waiting."""
    await begin_all(session, {resource: kind}, now)


async def begin_all(session: AsyncSession, kinds: Mapping[str, str], now: float) -> None:
    """Of many, with one statement. :param kinds: by their ids."""
    rows = [
        {"resource": resource, "name": step.name, "position": position, "state": "waiting", "due": int(now)}
        for resource, kind in kinds.items()
        for position, step in enumerate(CHAINS[kind])
    ]
    await session.execute(insert(Stage), rows)


async def take(
    session: AsyncSession,
    resource: str,
    worker: str,
    now: float,
    spool: str = UNKNOWN,
    side: Side = "all",
    *,
    hurries: bool = False,
) -> Task | None:
    """The next stage of a resource, with a lease on it. None: nothing is to be done now, or another does it.

    :param spool: the folder of recordings that the worker has: what lies in another one is for its workers. `UNKNOWN`:
        it cannot be read, and what lies in any is left alone.
    :param side: stages that are not done there are left to others. :param hurries: see `stages.next_up`.
    """
    row = await _locked(session, resource)
    if row is None or row.state == "removed" or row.spool not in ("", spool):
        return None
    while True:
        rows = await rows_of(session, resource)
        dead = frozenset(stage.worker for stage in rows if stage.state == "running" and holder.is_dead(stage.worker))
        stage = stages.next_up(row.kind, rows, now, dead, hurries=hurries)
        if stage is None or not stages.does(side, row.kind, stage.name):
            return None
        if stage.state == "running" and stage.tries >= TRIES:
            await _give_up(session, row, rows, stage, LOST, "Each worker that did it has died of it.", now)
            continue
        break
    stage.state = stages.after(stage.state, "take")
    stage.worker, stage.lease, stage.began, stage.ended = worker, int(now) + LEASE_S, int(now), None
    stage.tries += 1
    stage.progress, stage.error, stage.detail = 0, "", ""
    if row.state in ("waiting", "failed"):
        row.state, row.changed = "processing", int(now)
    await session.flush()
    told = asdict(await facts.of_resource(session, row))
    return Task(
        resource, row.kind, stage.name, stage.tries, worker, row.lesson or row.id, told, row.published is not None
    )


async def renew(session: AsyncSession, task: Task, progress: float, now: float) -> bool:
    """False: it is another's now, or nobody's."""
    result = await session.execute(
        update(Stage)
        .where(*_mine(task))
        .values(lease=int(now) + LEASE_S, progress=int(progress * 1000))
        .execution_options(synchronize_session=False)
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]


async def mine(session: AsyncSession, task: Task) -> tuple[Resource, Sequence[Stage], Stage] | None:
    """The resource, its stages and the one that is done, locked; None: it is another's now."""
    row = await _locked(session, task.resource)
    if row is None or row.state == "removed":
        return None
    rows = await rows_of(session, task.resource)
    stage = next((stage for stage in rows if stage.name == task.stage), None)
    if stage is None or stage.state != "running" or stage.worker != task.worker:
        return None
    return row, rows, stage


async def finish(session: AsyncSession, task: Task, now: float) -> bool:
    """It is done; what was made from it before is made again. False: another has it now."""
    found = await mine(session, task)
    if found is None:
        return False
    _, rows, stage = found
    stage.state = stages.after(stage.state, "finish")
    stage.progress, stage.ended, stage.lease = 1000, int(now), 0
    for later in rows:
        if later.position <= stage.position:
            continue
        if later.state == "done":
            later.state, later.due, later.tries = stages.after(later.state, "renew"), int(now), 0
        elif later.state in ("waiting", "failed") and later.error != NO_MODEL:
            later.due = min(later.due, int(now))
    await session.flush()
    return True


async def fail(
    session: AsyncSession, task: Task, code: str, detail: str, now: float, *, lasting: bool, away: bool = False
) -> bool:
    """:param lasting: no second try would mend it. :param away: a disk or a bucket is, by no fault of the resource's:
    it is tried again until `AWAY_DAYS` are over. False: another has it now."""
    found = await mine(session, task)
    if found is None:
        return False
    row, rows, stage = found
    if away and now - row.made < AWAY_DAYS * 86_400:
        stage.tries = min(stage.tries, TRIES - 1)
    if lasting or stage.tries >= TRIES:
        await _give_up(session, row, rows, stage, code, detail, now)
        return True
    stage.state = stages.after(stage.state, "fail")
    stage.due = stages.again_at(stage.tries, now)
    _mark(stage, code, detail, now)
    _hold_up(row.kind, rows, stage)
    await session.flush()
    return True


async def leave(session: AsyncSession, task: Task, due: int, now: float, *, code: str = "", detail: str = "") -> bool:
    """It was not done, by no fault of its own: the worker stops, another process is still at it, or a model is missing.

    :param due: `NEVER`: it waits for `wake`. False: another has it now.
    """
    found = await mine(session, task)
    if found is None:
        return False
    row, rows, stage = found
    stage.state = stages.after(stage.state, "leave")
    stage.tries -= 1
    stage.due = due
    _hold_up(row.kind, rows, stage)
    _mark(stage, code, detail, now)
    await session.flush()
    return True


async def wake(session: AsyncSession, now: float, limit: int, spool: str = UNKNOWN, side: Side = "all") -> int:
    """A model has appeared here: what waits for one and is done here is due. :returns: how many stages."""
    waiting = (
        select(Stage.resource)
        .join(Resource, Resource.id == Stage.resource)
        .where(Stage.state == "waiting", Stage.due == NEVER, Stage.name == "transcript", Stage.error == NO_MODEL)
        .where(here(Resource.spool, spool), *of_side(side))
    )
    chosen = (await session.scalars(waiting.limit(limit))).all()
    of_them = (Stage.resource.in_(chosen), Stage.name == "transcript", Stage.state == "waiting")
    await session.execute(
        update(Stage).where(*of_them).values(due=int(now), error="", detail=""),
        execution_options={"synchronize_session": False},
    )
    return len(chosen)


async def retry(session: AsyncSession, resource: str, name: str, actor: str, now: float) -> None:
    """Do it again now, and as often as a new one: the stage, or without a name all that is not done.

    :raises UserError: 404 `not_found`; 409 `stage_running`; 409 `nothing_to_retry`.
    """
    row = await _locked(session, resource)
    if row is None:
        raise UserError(404, "not_found", "There is no such resource; it may have been removed just now.")
    rows = await rows_of(session, resource)
    chosen = [stage for stage in rows if (stage.name == name if name else stage.state != "done")]
    if name and not chosen:
        raise UserError(404, "not_found", "There is no such stage; choose one of those that are listed.")
    if not chosen or row.state == "removed":
        raise UserError(409, "nothing_to_retry", "Everything is done; name the stage that is to be done once more.")
    if any(stage.state == "running" for stage in rows):
        raise UserError(409, "stage_running", "It is being worked on at this moment; try again when it has stopped.")
    before = {stage.name: stage.state for stage in chosen}
    for stage in chosen:
        stage.state = stages.after(stage.state, "retry")
        stage.tries, stage.due, stage.progress = 0, int(now), 0
        stage.error, stage.detail = "", ""
    first = min(stage.position for stage in chosen)
    for stage in rows:
        if stage.position > first and stage.state in ("waiting", "failed") and stage.error != NO_MODEL:
            stage.due = int(now)
    if row.state == "failed":
        row.state, row.changed = "waiting", int(now)
    await session.flush()
    await audit.append(session, int(now), actor, "stages.retry", resource, {"stages": before})


async def rows_of(session: AsyncSession, resource: str) -> Sequence[Stage]:
    """In order, as they stand now."""
    query = select(Stage).where(Stage.resource == resource).order_by(Stage.position)
    return (await session.scalars(query, execution_options={"populate_existing": True})).all()


def of_side(side: Side) -> list[Any]:
    """As `stages.does`, of a stage and its resource."""
    recorded = and_(Resource.kind == "lesson", Stage.name != "index")
    return [] if side == "all" else [recorded if side == "lessons" else not_(recorded)]


# ---------------------------------------------------------------- parts


async def _locked(session: AsyncSession, resource: str) -> Resource | None:
    return await session.get(Resource, resource, with_for_update=True, populate_existing=True)


def _mine(task: Task) -> tuple[Any, ...]:
    return (
        Stage.resource == task.resource,
        Stage.name == task.stage,
        Stage.state == "running",
        Stage.worker == task.worker,
    )


def _mark(stage: Stage, code: str, detail: str, now: float) -> None:
    stage.error, stage.detail, stage.ended, stage.lease, stage.progress = code[:40], detail[:_DETAIL], int(now), 0, 0


def _hold_up(kind: str, rows: Sequence[Stage], stage: Stage) -> None:
    """What cannot be begun before `stage` is done is not due before it: nobody is asked to do it in vain."""
    if not stages.step(kind, stage.name).must:
        return
    for later in rows:
        if later.position > stage.position and later.state != "done":
            later.due = max(later.due, stage.due)


async def _give_up(
    session: AsyncSession, row: Resource, rows: Sequence[Stage], stage: Stage, code: str, detail: str, now: float
) -> None:
    stage.state = stages.after(stage.state, "give_up")
    stage.due = NEVER
    _mark(stage, code, detail, now)
    _hold_up(row.kind, rows, stage)
    if stages.step(row.kind, stage.name).must and row.state == "processing":
        row.state, row.changed = "failed", int(now)
        await session.flush()
        await telling.failed(session, row, stage.name, stage.error, now)
    await session.flush()

"""The work after the bell as people see it: resources that are not through, and how far each stage is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from signalling.db.library import Resource, Stage
from signalling.db.places import Region, School
from signalling.library import work
from signalling.library.stages import NEVER
from signalling.people.roles import SYSTEM, Scope

Wanted = Literal["failed", "running", "waiting"]
_STATES: dict[Wanted | None, tuple[str, ...]] = {
    "failed": ("failed", "given_up"),
    "running": ("running",),
    "waiting": ("waiting",),
    None: ("failed", "given_up", "running", "waiting"),
}


@dataclass(frozen=True, slots=True)
class StageShown:
    """:ivar progress: thousandths. :ivar error: a code; :ivar detail: a sentence about it.
    :ivar due: when it is tried (again); null: it waits for something else. Instants are seconds since 1970."""

    name: str
    state: Literal["waiting", "running", "done", "failed", "given_up"]
    progress: int
    tries: int
    error: str
    detail: str
    due: int | None
    began: int | None
    ended: int | None


@dataclass(frozen=True, slots=True)
class JobShown:
    """A resource that is not through. :ivar title: empty of what somebody else keeps for herself.
    :ivar retry: whether the caller may have it done again."""

    resource: str
    kind: str
    state: str
    title: str
    lesson: str | None
    teacher_name: str
    school_name: str
    day: str
    retry: bool
    stages: list[StageShown]


async def listed(
    session: AsyncSession,
    scopes: Collection[Scope],
    retries: Collection[Scope],
    wanted: Wanted | None,
    limit: int,
    before: str,
) -> Sequence[JobShown]:
    """The newest first. :param scopes: within which the caller may look, :param retries: and have it done again.
    :param before: id of the last one seen."""
    busy = select(Stage.resource).where(Stage.state.in_(_STATES[wanted]))
    query = (
        select(Resource, School.name, Region.path)
        .outerjoin(School, School.id == Resource.school)
        .outerjoin(Region, Region.id == Resource.region)
        .where(Resource.id.in_(busy), Resource.state != "removed", _within(scopes))
        .order_by(Resource.id.desc())
        .limit(limit)
    )
    if before:
        query = query.where(Resource.id < before)
    rows = (await session.execute(query)).all()
    stages: dict[str, list[StageShown]] = defaultdict(list)
    found = select(Stage).where(Stage.resource.in_([row.id for row, *_ in rows])).order_by(Stage.position)
    for stage in await session.scalars(found):
        stages[stage.resource].append(_shown(stage))
    return [
        JobShown(
            resource=row.id,
            kind=row.kind,
            state=row.state,
            title=row.title if row.rights != "own" or _hers(row, scopes) else "",
            lesson=row.lesson,
            teacher_name=row.teacher_name,
            school_name=school or "",
            day=row.day.isoformat(),
            retry=_lies_in(row, path or "", retries),
            stages=stages[row.id],
        )
        for row, school, path in rows
    ]


async def of(session: AsyncSession, resource: str) -> list[StageShown]:
    """Stages of one resource, in order."""
    return [_shown(stage) for stage in await work.rows_of(session, resource)]


def _within(scopes: Collection[Scope]) -> Any:
    if SYSTEM in scopes:
        return Resource.id.is_not(None)
    terms: list[Any] = []
    for kind, id in scopes:
        if kind == "region":
            terms.append(Region.path.contains(f"/{id}/", autoescape=True))
        elif kind == "school":
            terms.append(Resource.school == id)
        elif kind == "person":
            terms += [Resource.teacher == id, Resource.made_by == id]
    return or_(*terms) if terms else false()


def _lies_in(row: Resource, path: str, scopes: Collection[Scope]) -> bool:
    around = {SYSTEM, *(Scope("region", part) for part in path.split("/") if part)}
    around.add(Scope("school", row.school or "-"))
    return _hers(row, scopes) or not around.isdisjoint(scopes)


def _hers(row: Resource, scopes: Collection[Scope]) -> bool:
    return any(Scope("person", person) in scopes for person in (row.teacher, row.made_by) if person)


def _shown(stage: Stage) -> StageShown:
    due = stage.due if stage.state in ("waiting", "failed") and stage.due < NEVER else None
    return StageShown(
        name=stage.name,
        state=stage.state,  # type: ignore[arg-type]
        progress=stage.progress,
        tries=stage.tries,
        error=stage.error,
        detail=stage.detail,
        due=due,
        began=stage.began,
        ended=stage.ended,
    )

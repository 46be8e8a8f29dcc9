"""The work after the bell: how far it is, what failed, and doing it again."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from signalling.bodies import Body
from signalling.library import jobs, work
from signalling.library.jobs import JobShown, StageShown, Wanted
from signalling.library.stages import NAMES
from signalling.people.roles import reach
from signalling.rest.operation import Call, Nothing, Operation
from signalling.rest.paging import Page, Paged, after, page


class JobsQuery(Paged):
    state: Wanted | None = Field(None, description="with a stage in this state; failed: also what was given up")


class RetryBody(Body):
    name: str = Field("", max_length=40, description=f"{', '.join(NAMES)}; empty: all that is not done")


class StagesResource:
    def operations(self) -> Iterable[Operation]:
        yield Operation("GET", "/stages", self.list)
        yield Operation("GET", "/resources/{resource}/stages", self.read, "stages.read", "resource")
        yield Operation("POST", "/resources/{resource}/stages/retry", self.retry, "stages.retry", "resource")

    async def list(self, call: Call[Nothing, JobsQuery]) -> Page[JobShown]:
        """What of my lessons, and of those that I look after, is not through, the newest first"""
        query, grants = call.query, call.caller.grants
        [last] = after(query, str) or ("",)
        scopes, retries = reach(grants, "stages.read"), reach(grants, "stages.retry")
        async with call.database.read() as session:
            rows = await jobs.listed(session, scopes, retries, query.state, query.limit + 1, str(last))
        return page(rows, query.limit, lambda row: (row.resource,))

    async def read(self, call: Call[Nothing, Nothing]) -> list[StageShown]:
        """How far a resource is"""
        async with call.database.read() as session:
            return await jobs.of(session, call.id("resource"))

    async def retry(self, call: Call[RetryBody, Nothing]) -> list[StageShown]:
        """Do a stage again, or all that is not done, now"""
        resource = call.id("resource")
        await call.database.run(lambda session: work.retry(session, resource, call.body.name, call.person, call.now))
        async with call.database.read() as session:
            return await jobs.of(session, resource)

"""One thing that can be done over REST, declared once: its route, its rule, what it takes and what it answers.

A handler is an async function of one `Call[BODY, QUERY]`; its type hints say what is read and written, the first line
of its docstring is its summary in the OpenAPI document. `Operation.serve` is everything between aiohttp and it.
"""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from aiohttp import web
from pydantic import TypeAdapter

from mediaserver.api import UserError
from signalling import access, bodies
from signalling.access import DATABASE, Rule
from signalling.bodies import Body, Query
from signalling.db.engine import Database
from signalling.people import scopes
from signalling.people.door import CALLER, Caller
from signalling.rest import idempotency

ROOT = "/api/v1"
NO_STORE = {"Cache-Control": "no-store"}


class Nothing(Body, Query):
    """No body, or no parameters."""


B = TypeVar("B", bound=Body)
Q = TypeVar("Q", bound=Query)


async def _done(work: Callable[[], Awaitable[Any]]) -> Any:
    return await work()


@dataclass(frozen=True, slots=True)
class Call(Generic[B, Q]):
    """:ivar now: seconds since 1970. :ivar finish: what is done to the answer before it leaves, such as cookies.
    :ivar once: awaits what makes something of an upload, when its file is there; a repetition is given the same."""

    request: web.Request
    body: B
    query: Q
    now: float
    finish: list[Callable[[web.StreamResponse], None]] = field(default_factory=list)
    once: Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]] = _done

    @property
    def caller(self) -> Caller:
        return self.request[CALLER]

    @property
    def person(self) -> str:
        """The id of who is signed in."""
        return self.caller.person

    @property
    def database(self) -> Database:
        return self.request.app[DATABASE]

    def path(self, name: str) -> str:
        return self.request.match_info[name]

    def id(self, name: str) -> str:
        """A parameter of the path that the database may be asked for. :raises UserError: 404 `not_found`."""
        if not scopes.is_id(self.path(name)):
            raise UserError(404, "not_found", f"There is no such {name}; it may have been removed just now.")
        return self.path(name)


Handler = Callable[[Call[Any, Any]], Awaitable[Any]]


@dataclass(frozen=True)
class Operation:
    """:ivar path: after `/api/v1`; its parameters are named as kinds of `scopes.find` where they are ids of such.
    :ivar right: action of `roles.TABLE`.
    :ivar of: the parameter that it is asked for, or `system` for the whole system; empty: the handler asks.
    :ivar status: of the answer; 204 where the handler returns None.
    :ivar creates: takes an Idempotency-Key, and answers a repetition the same. :ivar content: of answers not JSON.
    :ivar uploads: media types of a file that the handler reads itself; then there is no `body`.
    :ivar body_bytes: of a body that may be longer than others."""

    method: str
    path: str
    handler: Handler
    right: str = ""
    of: str = ""
    status: int = 200
    creates: bool = False
    rule: Rule = Rule.PERSON
    content: str = "application/json"
    uploads: tuple[str, ...] = ()
    body_bytes: int = 0

    @functools.cached_property
    def _hints(self) -> dict[str, Any]:
        return typing.get_type_hints(self.handler)

    @functools.cached_property
    def takes(self) -> tuple[type[Body], type[Query]]:
        call = next(hint for name, hint in self._hints.items() if name != "return")
        return typing.get_args(call)  # type: ignore[return-value]

    @functools.cached_property
    def answers(self) -> TypeAdapter[Any] | None:
        """None: nothing, or a response of the handler's own making."""
        hint = self._hints["return"]
        if hint is type(None) or (inspect.isclass(hint) and issubclass(hint, web.StreamResponse)):
            return None
        return TypeAdapter(hint)

    @property
    def succeeds(self) -> int:
        return 204 if self._hints["return"] is type(None) else self.status

    @property
    def id(self) -> str:
        """Such as `lessons_move`, of a method of `LessonsResource`."""
        return self.handler.__qualname__.replace("Resource", "").replace(".", "_").lower()

    @property
    def tag(self) -> str:
        return self.path.split("/")[1]

    @property
    def summary(self) -> str:
        return (inspect.getdoc(self.handler) or "").partition("\n")[0]

    def add(self, app: web.Application, clock: Callable[[], float]) -> None:
        _ = self.takes, self.answers  # a wrong declaration fails when the server starts
        if self.of not in ("", "system") and f"{{{self.of}}}" not in self.path:
            raise ValueError(f"{self.path} has no parameter {self.of} to ask the right {self.right} for")

        async def serve(request: web.Request) -> web.StreamResponse:
            return await self.serve(request, clock())

        access.add(app, self.rule, self.method, ROOT + self.path, serve)

    async def serve(self, request: web.Request, now: float) -> web.StreamResponse:
        if self.of:
            await request[CALLER].require(self.right, self.of, request.match_info.get(self.of, ""))
        body_type, query_type = self.takes
        query = bodies.read_query(request, query_type)
        if self.body_bytes:
            request = request.clone(client_max_size=self.body_bytes)
        body = await bodies.read(request, body_type) if body_type is not Nothing else Nothing()
        call = Call(request, body, query, now)
        key = request.headers.get(idempotency.HEADER) if self.creates else None
        if key is None:
            response = self._response(await self.handler(call))
            for finish in call.finish:
                finish(response)
            return response
        if self.uploads:
            return await self._upload(call, key)
        work = functools.partial(self._answer, functools.partial(self.handler, call))
        return await idempotency.once(call.database, call.person, key, request, now, work)

    async def _answer(self, work: Callable[[], Awaitable[Any]]) -> tuple[int, Any]:
        assert self.answers is not None
        return self.succeeds, self.answers.dump_python(await work(), mode="json")

    async def _upload(self, call: Call[Any, Any], key: str) -> web.StreamResponse:
        """Whether it was done before is said before the file arrives, so it is known by its length alone."""
        length = str(call.request.content_length).encode()
        given = idempotency.of_request(call.database, call.person, key, call.request, length, call.now)
        before = await given.answered()
        if before is not None:
            return web.json_response(before.body, status=before.status, headers=idempotency.REPEATED)

        async def once(work: Callable[[], Awaitable[Any]]) -> Any:
            assert self.answers is not None
            _, document, _ = await given.once(functools.partial(self._answer, work))
            return self.answers.validate_python(document)

        return self._response(await self.handler(replace(call, once=once)))

    def _response(self, result: Any) -> web.StreamResponse:
        if isinstance(result, web.StreamResponse):
            return result
        if self.answers is None:
            return web.Response(status=204, headers=NO_STORE)
        return web.Response(
            status=self.succeeds,
            body=self.answers.dump_json(result),
            content_type="application/json",
            headers=NO_STORE,
        )

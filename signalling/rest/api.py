"""`/api/v1` put together: all operations, their document, and what has to be cleared away."""

from __future__ import annotations

import asyncio
import importlib.metadata
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import structlog
from aiohttp import web

from mediaserver.api import UserError
from signalling.access import Rule
from signalling.booking import sweep
from signalling.db.engine import Database
from signalling.rest import idempotency, openapi
from signalling.rest.operation import Call, Nothing, Operation

log = structlog.get_logger("signalling.rest")

SWEEP_S = 600.0


class Resource(Protocol):
    """One file of operations."""

    def operations(self) -> Iterable[Operation]: ...


class Api:
    """:param cookie: the name of the session's cookie. :param clock: seconds since 1970."""

    def __init__(
        self, database: Database, resources: Iterable[Resource], cookie: str, clock: Callable[[], float]
    ) -> None:
        self._database = database
        self._clock = clock
        self._sweeping: asyncio.Task[None] | None = None
        own = Operation("GET", "/openapi.json", self.openapi, rule=Rule.PUBLIC)
        self.operations = (own, *(operation for resource in resources for operation in resource.operations()))
        self._document = openapi.document(self.operations, importlib.metadata.version("tongke"), cookie)

    def add_routes(self, app: web.Application) -> None:
        for operation in self.operations:
            operation.add(app, self._clock)

    async def openapi(self, call: Call[Nothing, Nothing]) -> dict[str, Any]:
        """This document"""
        return self._document

    async def start(self) -> None:
        self._sweeping = asyncio.create_task(self._sweep(), name="rest-sweep")

    async def stop(self) -> None:
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.gather(self._sweeping, return_exceptions=True)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            try:
                await idempotency.sweep(self._database, self._clock())
                removed = await sweep.sweep(self._database, self._clock())
                if any(removed.values()):
                    log.info("swept", **removed)
            except UserError as error:
                log.warning("sweep", code=error.code)
            except Exception:
                log.exception("sweep")

"""What every benchmark is given: cores, lengths, and somewhere to say how far it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.status import Status

from benchmarks.servers import Factory, Server, Unavailable, factories


@dataclass
class Context:
    """:ivar quick: shorter windows, fewer sizes, fewer runs; for a look, not for the report.
    :ivar search_documents: the largest index to build. :ivar search_indexes: where indexes are kept.
    :ivar chosen: names of servers to measure, `floor` among them; all when empty.
    """

    quick: bool
    server_core: int
    load_core: int
    console: Console
    chosen: tuple[str, ...] = ()
    soak_minutes: float | None = None
    search_documents: int | None = None
    search_indexes: Path | None = None
    _status: Status | None = field(default=None, repr=False)

    @property
    def runs(self) -> int:
        return 3

    @property
    def window_s(self) -> float:
        return 1.5 if self.quick else 5.0

    def show_on(self, status: Status) -> None:
        self._status = status

    def doing(self, text: str) -> None:
        """Shown while it lasts; a line of its own where there is no terminal."""
        if self._status is not None and self.console.is_terminal:
            self._status.update(text)
        else:
            self.console.print(f"· {text}", style="dim", highlight=False)

    def done(self, text: str) -> None:
        self.console.print(text, highlight=False)

    def servers(self, *among: str) -> dict[str, Factory]:
        """The chosen ones, of `among` where given."""
        known = factories()
        wanted = self.chosen or tuple(known)
        return {name: known[name] for name in wanted if name in known and (not among or name in among)}

    @asynccontextmanager
    async def serving(self, name: str, factory: Factory, result: dict[str, Any]) -> AsyncIterator[Server | None]:
        """The started server, or None with the reason noted in `result`."""
        try:
            server = factory(self.server_core)
            await server.__aenter__()
        except Unavailable as error:
            result["unavailable"] = str(error)
            self.done(f"  {name}: not measured: {error}")
            yield None
            return
        result["label"] = server.label
        try:
            yield server
        finally:
            await server.__aexit__(None, None, None)

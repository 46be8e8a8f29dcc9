"""Live captions of all rooms: a switch for each, a process while it is on, and what it hears told to everybody there.

Nothing is kept: a room's switch lives as long as the room, what is said as long as it is shown.
"""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import structlog

from mediaserver.api import UserError
from recorder.tap import Taps
from signalling import messages
from signalling.bell.pulse import Pulse
from signalling.captions.child import Child
from signalling.captions.hearing import Hearing
from signalling.metrics import Metrics
from signalling.rooms import Rooms

log = structlog.get_logger("signalling.captions")

TICK_S = 0.25
"""Sound is passed on, and captions are told, at most so often."""
MODEL_S = 30.0
"""A model that was fetched meanwhile is found after so long."""


class Captions:
    """Everything on one event loop; no call but `stop` waits.

    :param find: the speech model's directory, None: there is none; may read files.
    :param command: the program that hears in a room with a model; asked again for each process.
    :param at_once: so many rooms at the same time.
    """

    def __init__(
        self,
        rooms: Rooms,
        taps: Taps,
        find: Callable[[], Path | None],
        command: Callable[[Path, str], Awaitable[Sequence[str]]],
        at_once: int,
        metrics: Metrics,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rooms = rooms
        self._taps = taps
        self._find = find
        self._command = command
        self._at_once = at_once
        self._metrics = metrics
        self._monotonic = monotonic
        self._model: Path | None = None
        self._looked = 0.0
        self._hearings: dict[str, Hearing] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._pulse = Pulse("captions", self.look, TICK_S, metrics)

    @property
    def available(self) -> bool:
        return self._model is not None

    @property
    def pids(self) -> list[int]:
        """Of the processes that hear."""
        children = (hearing.child for hearing in self._hearings.values())
        return [child.pid for child in children if child is not None and child.pid is not None]

    def start(self) -> None:
        self._model, self._looked = self._find(), self._monotonic()
        self._rooms.captioner = self
        self._pulse.start()

    async def stop(self) -> None:
        self._rooms.captioner = None
        await self._pulse.stop()
        for room in list(self._hearings):
            self._leave(room)
        await asyncio.gather(*self._ending)
        self._metrics.captions_children.set(0)

    def switch(self, room: str, on: bool) -> None:
        """:raises UserError: 403 `lesson_over`; 503 `captions_busy`."""
        if not on:
            if room in self._hearings:
                self._leave(room)
            return
        if room in self._hearings:
            return
        if self._over(room):
            raise UserError(403, "lesson_over", "This lesson is over; captions can be switched on in the next one.")
        if len(self._hearings) >= self._at_once:
            raise UserError(
                503,
                "captions_busy",
                f"{self._at_once} lessons have captions now, which is all that this server can do "
                "(recorder.captions_at_once); try again when one of them is over.",
            )
        start = functools.partial(self._start, room)
        self._hearings[room] = Hearing(room, start, self._metrics, self._monotonic)
        self._tell(room)

    async def look(self) -> None:
        """One beat."""
        if self._monotonic() - self._looked >= MODEL_S:
            self._looked = self._monotonic()
            self._model = await asyncio.to_thread(self._find) or self._model
        for room, hearing in list(self._hearings.items()):
            if self._over(room):
                self._leave(room)
                continue
            try:
                await hearing.beat(self._taps)
            except Exception:
                log.exception("bug", room=room)  # the other rooms go on
            if self._hearings.get(room) is not hearing:
                continue  # switched off while a dead process was cleared away
            self._tell(room)
            if (captions := hearing.board.news()) is not None:
                self._rooms.tell_captions(room, captions)
        self._metrics.captions_children.set(len(self.pids))

    def standing(self, room: str) -> messages.Captions | None:
        hearing = self._hearings.get(room)
        return hearing.board.standing(self._monotonic()) if hearing is not None else None

    def _start(self, room: str, heard: Callable[..., None]) -> Child:
        assert self._model is not None, "switched on, so there was one"
        return Child(functools.partial(self._command, self._model, room), heard, self._monotonic)

    def _over(self, name: str) -> bool:
        room = self._rooms.rooms.get(name)
        return room is None or room.lesson.state == "ended"

    def _tell(self, room: str) -> None:
        self._rooms.tell_captioning(room, messages.Captioning(state=self._hearings[room].state))

    def _leave(self, room: str) -> None:
        hearing = self._hearings.pop(room)
        self._rooms.tell_captioning(room, messages.Captioning(state="off"))
        task = asyncio.create_task(hearing.stop(), name="captions-end")
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

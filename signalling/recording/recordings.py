"""Everything a server does about recordings, for those who order and for those who look."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from mediaserver.api import UserError
from signalling import messages
from signalling.db.engine import Database
from signalling.metrics import Metrics
from signalling.recording import keeper, orders, shown
from signalling.recording.keeper import Keeper, State
from signalling.recording.orders import Action
from signalling.recording.shown import RecordingShown
from signalling.rooms import Rooms
from signalling.tokens import Claims


class Recorder(keeper.Recorder, Protocol):
    async def stop(self) -> None: ...


Make = Callable[[Callable[[str, State], None]], Recorder]
"""Makes the recorder; it calls what it is given when a recording's state has changed."""


class Recordings:
    """Orders are taken as soon as it is made; between `start` and `stop` lessons are recorded.

    :param folder: where recordings are written. :param enabled: setting `recorder.enabled`.
    :param clock: seconds since 1970.
    """

    def __init__(
        self,
        database: Database,
        rooms: Rooms,
        metrics: Metrics,
        folder: Path,
        enabled: bool,
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._rooms = rooms
        self._metrics = metrics
        self._folder = folder
        self._enabled = enabled
        self._clock = clock
        self._recorder: Recorder | None = None
        self._keeper: Keeper | None = None
        rooms.record = self.obey

    def start(self, make: Make, folder: Callable[[], str]) -> None:
        """Does nothing where recording is switched off. :param folder: as `Keeper`'s."""
        if not self._enabled:
            return
        recorder = self._recorder = make(self._changed)
        self._keeper = Keeper(self._database, self._rooms, recorder, folder, self._metrics, self._clock)
        self._keeper.start()

    async def stop(self) -> None:
        """Files are closed; lessons that go on are recorded on by the next server."""
        kept, self._keeper = self._keeper, None
        recorder, self._recorder = self._recorder, None
        try:
            if kept is not None:
                await kept.stop()
        finally:
            if recorder is not None:
                await recorder.stop()

    def _changed(self, room: str, state: State) -> None:
        if self._keeper is not None:
            self._keeper.changed(room, state)

    # ------------------------------------------------------------ orders

    async def give(self, lesson: str, action: Action, *, actor: str, now: float) -> None:
        """In force when this returns. :raises UserError: as `orders.give`; 409 `recording_off`."""
        self._require_enabled()
        await orders.give(self._database, lesson, action, actor=actor, now=now)
        await self._hurry(lesson)

    async def exclude(self, lesson: str, participant: str, excluded: bool, *, actor: str, now: float) -> None:
        """In force when this returns. :raises UserError: as `orders.exclude`; 409 `recording_off`."""
        self._require_enabled()
        await orders.exclude(self._database, lesson, participant, excluded, actor=actor, now=now)
        await self._hurry(lesson)

    async def _hurry(self, lesson: str) -> None:
        if self._keeper is not None:
            await self._keeper.hurry(lesson)

    def _require_enabled(self) -> None:
        if not self._enabled:
            raise UserError(
                409, "recording_off", "This server does not record; ask its administrator to switch recordings on."
            )

    async def obey(self, claims: Claims, message: messages.Record) -> None:
        """What somebody in the room orders. :raises UserError: as `give` and `exclude`; 400 `bad_request`."""
        lesson, actor, now = claims.room, claims.participant, self._clock()
        if message.action != "exclude" and message.action != "include":
            await self.give(lesson, message.action, actor=actor, now=now)
        elif message.participant is None:
            raise UserError(400, "bad_request", "Say which participant is meant.")
        else:
            await self.exclude(lesson, message.participant, message.action == "exclude", actor=actor, now=now)

    # ------------------------------------------------------------ looking

    async def read(self, lesson: str) -> RecordingShown:
        """:raises UserError: 404 `not_found`."""
        return await shown.read(self._database, self._folder, lesson)

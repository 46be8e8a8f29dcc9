"""The bell: lessons whose time has come are opened and closed, by one of the servers on a database.

Nothing is planned ahead and nothing is remembered: each second the rows are asked what is due. A server that comes
up late therefore rings late and misses nothing, a database that was away is asked again, and a bell that rings twice
finds nothing left to do. Listeners hear of a move after its transaction; who must not miss one reads the rows as well,
because a server may end between the two.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from mediaserver.api import UserError
from signalling.bell import holder, transitions
from signalling.bell.lease import Lease
from signalling.bell.pulse import Pulse
from signalling.bell.steady import Steady
from signalling.bell.transitions import BATCH, Moved, Order
from signalling.config import BellConfig
from signalling.db.engine import Database
from signalling.metrics import Metrics

log = structlog.get_logger("signalling.bell")

CENSUS_S = 10.0


@dataclass(frozen=True, slots=True)
class LessonOpened:
    """Its room may be entered. Instants are seconds since 1970. :ivar starts: as planned."""

    lesson: str
    at: int
    starts: int
    closes: int


@dataclass(frozen=True, slots=True)
class LessonWentLive:
    """Its teacher's sound or picture has arrived for the first time."""

    lesson: str
    at: int


@dataclass(frozen=True, slots=True)
class LessonClosed:
    """:ivar reason: as in `lesson.reason`: `transitions.TIME_OVER`, `NOBODY_CAME`, `MISSED` or `BY_HAND`."""

    lesson: str
    at: int
    reason: str


Event = LessonOpened | LessonWentLive | LessonClosed


class Bell:
    """Rings while it is started, and at once when it starts.

    :param clock: seconds since 1970. :param listeners: called after commit; they neither block nor raise.
    :param monotonic: seconds of a clock that nobody sets.
    :ivar held: whether this server is the one that rings.
    :ivar before_beat: called at the beginning of each, to `order` what happened in rooms: a lesson that has become live
        in the second of its end was live.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[], float],
        settings: BellConfig,
        listeners: Iterable[Callable[[Event], None]] = (),
        *,
        metrics: Metrics,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.listeners = list(listeners)
        self.held = False
        self.before_beat: Callable[[], None] | None = None
        self._database = database
        self._clock = clock
        self._monotonic = monotonic
        self._metrics = metrics
        self._open_before_s = settings.open_before_minutes * 60
        self._lease = Lease("bell", holder.new_name(), settings.lease_s)
        self._renewed: float | None = None
        self._counted: float | None = None
        self._steady = Steady()
        self._jumped = False
        self._orders: dict[tuple[str, str], Order] = {}
        """What happened in rooms here and is not in the database yet; at most two for each room."""
        self._pulse = Pulse("bell", self.ring, settings.tick_s, metrics)

    def start(self) -> None:
        self._pulse.start()

    async def stop(self) -> None:
        """Another server may ring at once. :raises UserError: 503, when the database is away."""
        await self._pulse.stop()
        self._hold(False)
        if self._renewed is not None:
            self._renewed = None
            await self._database.run(self._lease.release)

    def order(self, order: Order) -> None:
        """Something happened in a room; it is written at the next beat, or when the database is back.

        Who orders does so again as long as the row does not show it.
        """
        self._orders.setdefault((order.lesson, order.cue), order)

    async def ring(self) -> int:
        """Everything that is due now, and what rooms ordered; returns how many lessons moved.

        :raises UserError: 503 `database_unavailable`; what was not moved will be the next time.
        """
        now, monotonic = self._clock(), self._monotonic()
        if self.before_beat is not None:
            self.before_beat()
        if self._odd(now, monotonic):
            return 0
        try:
            arrived, waiting = await self._obey("arrives", now)
            closed, _ = await self._obey("close", now)
            moved = arrived + closed
            if await self._wanted(now, monotonic):
                moved += await self._ring(now, waiting)
            await self._count(now, monotonic)
        except UserError:
            self._hold(False)
            raise
        return moved

    # ------------------------------------------------------------ the parts of a beat

    def _odd(self, now: float, monotonic: float) -> bool:
        """Whether the clock has jumped and what it says is not acted on yet. The lease is left to others meanwhile."""
        jump = self._steady.jump(now, monotonic)
        if (jump is not None) != self._jumped:
            self._jumped = jump is not None
            if jump is not None:
                log.error("clock_jumped", by_s=round(jump), detail="The bell waits until the clock has settled.")
                self._hold(False)
            else:
                log.warning("clock_settled")
        return self._jumped

    async def _obey(self, cue: str, now: float) -> tuple[int, set[str]]:
        """In batches. Also returns the lessons that were passed over: they do not end before they were live."""
        orders = [order for order in self._orders.values() if order.cue == cue]
        total, waiting = 0, set[str]()
        for first in range(0, len(orders), BATCH):
            batch = orders[first : first + BATCH]
            moved, passed = await self._database.run(partial(transitions.obey, orders=batch, now=now))
            for order in batch:
                del self._orders[order.lesson, order.cue]
            self._announce(moved)
            total += len(moved)
            waiting |= passed
        return total, waiting

    async def _wanted(self, now: float, monotonic: float) -> bool:
        """Whether there is something to write: lessons, or our name in the lease."""
        async with self._database.read() as session:
            if not await self._lease.look(session, now, monotonic):
                self._hold(False)
                return False
            renew = self._renewed is None or monotonic - self._renewed >= self._lease.seconds / 3
            return not self.held or renew or await transitions.is_due(session, now, self._open_before_s)

    async def _ring(self, now: float, waiting: set[str]) -> int:
        """In batches, each a transaction of its own in which the lease is ours."""

        async def work(session: AsyncSession) -> list[Moved] | None:
            if not await self._lease.hold(session, self._clock(), self._monotonic()):
                return None
            return await transitions.ring(session, now, self._open_before_s, waiting)

        total = 0
        while True:
            moved = await self._database.run(work)
            self._hold(moved is not None)
            if moved is None:
                return total
            self._renewed = self._monotonic()
            self._announce(moved)
            total += len(moved)
            if len(moved) < BATCH:
                return total

    async def _count(self, now: float, monotonic: float) -> None:
        if self._counted is not None and monotonic - self._counted < CENSUS_S:
            return
        async with self._database.read() as session:
            counts = await transitions.census(session, now)
        self._counted = monotonic
        for state, count in counts.items():
            self._metrics.lessons.labels(state).set(count)

    def _hold(self, held: bool) -> None:
        if held != self.held:
            self.held = held
            log.info("bell_held" if held else "bell_left")
        self._metrics.bell_held.set(held)

    def _announce(self, moved: list[Moved]) -> None:
        for move in moved:
            self._metrics.bell_rung.labels(move.after).inc()
            if move.late is not None:
                self._metrics.bell_lateness.observe(move.late)
            event = _event(move)
            for listener in self.listeners:
                try:
                    listener(event)
                except Exception:
                    log.exception("bug", event_type=type(event).__name__)
        if moved:
            late = max((move.late or 0 for move in moved), default=0)
            log.info("bell", lessons=len(moved), late_s=late)


def _event(move: Moved) -> Event:
    if move.after == "open":
        return LessonOpened(move.lesson, move.at, move.starts, move.closes)
    if move.after == "live":
        return LessonWentLive(move.lesson, move.at)
    return LessonClosed(move.lesson, move.at, move.reason)

"""Whatever is booked, moved, cancelled, substituted, approved, extended in whatever order: nobody is in two lessons.

After each step the claims are those that the lessons need, none overlap, and the load of the machines is their sum; in
the end the audit log is whole.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import delete, select, update

from mediaserver.api import UserError
from signalling.booking import book as booking
from signalling.booking import change, claims, series
from signalling.booking.limits import Rules
from signalling.booking.request import Receiver
from signalling.db.engine import Database
from signalling.db.lessons import Booking, BookingSeat, Held, Lesson, Load
from signalling.db.places import School
from signalling.timetable.series import Plan
from tests.booking.county import NOW, TUESDAY, book, claims_are_right, consistent, elsewhere, fill, request
from tests.booking.county import series as weekly

T = TypeVar("T")
RULES = Rules(capacity=5)
"""Two lessons of two or three classrooms at once, not more."""
TEACHERS = st.sampled_from(("t0", "t00", "p0"))
DAYS = st.integers(0, 8).map(lambda days: TUESDAY + dt.timedelta(days=days))
PERIODS = st.integers(1, 4)
PLANS = st.builds(
    lambda day, period, rule: Plan(day, 40, rule, period=period),
    DAYS,
    PERIODS,
    st.sampled_from(("", "FREQ=WEEKLY;COUNT=3", "FREQ=DAILY;COUNT=4")),
)
CLOCKS = st.builds(lambda day, starts: Plan(day, 50, starts=480 + 5 * starts), DAYS, st.integers(0, 40))
WHICH = st.integers(0, 1000)
RECEIVERS = st.lists(st.sampled_from((1, 2, 3)), min_size=1, max_size=2, unique=True).map(
    lambda numbers: tuple(Receiver(f"r{number}", f"a{number}", f"c{number}") for number in numbers)
)

SETTINGS = settings(
    max_examples=15,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


def machine(url: str) -> type[RuleBasedStateMachine]:
    class Changes(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.runner = asyncio.Runner()
            self.database = Database(url)
            self.now = float(NOW)

        def teardown(self) -> None:
            self.run(consistent(self.database))
            self.run(self.database.close())
            self.runner.close()

        def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
            return self.runner.run(coroutine)

        def attempt(self, coroutine: Coroutine[Any, Any, T]) -> T | None:
            """A refusal is fine as long as it leaves nothing behind."""
            try:
                return self.run(coroutine)
            except UserError as error:
                assert error.status in (403, 404, 409, 422), error.detail
                return None

        @initialize()
        def empty(self) -> None:
            async def clear() -> None:
                async with self.database.write() as session:
                    for table in (Lesson, BookingSeat, Booking, Held, Load):
                        await session.execute(delete(table))
                    await session.execute(update(School).values(approves=False))
                    await session.execute(update(School).where(School.id == "s3").values(approves=True))

            self.run(clear())
            # Something to change from the first step on: a series that is booked, and one that waits for a yes.
            daily = Plan(TUESDAY, 40, "FREQ=DAILY;COUNT=5", period=1)
            self.run(book(self.database, request(plan=daily), rules=RULES))
            waits = elsewhere(plan=weekly(period=2))
            self.run(book(self.database, waits, rules=RULES))

        async def some(self, table: Any, which: int) -> str:
            async with self.database.read() as session:
                ids = list(await session.scalars(select(table.id).order_by(table.id)))
            return ids[which % len(ids)] if ids else "nothing"

        @rule(plan=PLANS, teacher=TEACHERS, lead=st.sampled_from(("r0", "r00")), receivers=RECEIVERS, own=st.booleans())
        def books(self, plan: Plan, teacher: str, lead: str, receivers: tuple[Receiver, ...], own: bool) -> None:
            wanted = request(plan=plan, teacher=teacher, classroom=lead, receivers=receivers)
            may_approve = {"s3"} if own else set()
            self.attempt(book(self.database, wanted, now=self.now, rules=RULES, may_approve=may_approve))

        @rule(which=WHICH)
        def approves(self, which: int) -> None:
            it = self.run(self.some(Booking, which))
            self.attempt(booking.approve(self.database, it, "p3", self.now, rules=RULES, may_approve={"s3"}))

        @rule(which=WHICH, when=CLOCKS)
        def moves(self, which: int, when: Plan) -> None:
            lesson = self.run(self.some(Lesson, which))
            self.attempt(change.move(self.database, lesson, when, "p0", self.now, rules=RULES, may_approve={"s3"}))

        @rule(which=WHICH, since=DAYS, period=PERIODS, by_hand=st.sampled_from(("ask", "keep", "move")))
        def moves_series(self, which: int, since: dt.date, period: int, by_hand: series.ByHand) -> None:
            it = self.run(self.some(Booking, which))
            plan = weekly(first=since, period=period)
            own = {"s3"} if which % 2 else set()
            self.attempt(
                series.move(
                    self.database, it, since, plan, "p0", self.now, rules=RULES, may_approve=own, by_hand=by_hand
                )
            )

        @rule(which=WHICH)
        def cancels(self, which: int) -> None:
            self.attempt(change.cancel(self.database, self.run(self.some(Lesson, which)), "p0", self.now))

        @rule(which=WHICH, since=DAYS)
        def cancels_series(self, which: int, since: dt.date) -> None:
            self.attempt(series.cancel(self.database, self.run(self.some(Booking, which)), "p0", self.now, since=since))

        @rule(which=WHICH, day=DAYS)
        def leaves_out(self, which: int, day: dt.date) -> None:
            self.attempt(series.leave_out(self.database, self.run(self.some(Booking, which)), day, "p0", self.now))

        @rule(which=WHICH, teacher=TEACHERS)
        def substitutes(self, which: int, teacher: str) -> None:
            lesson = self.run(self.some(Lesson, which))
            self.attempt(change.substitute(self.database, lesson, teacher, "p0", self.now, rules=RULES))

        @rule(which=WHICH, classroom=st.sampled_from(("r1", "r2", "r3")), there=st.booleans())
        def substitutes_assistant(self, which: int, classroom: str, there: bool) -> None:
            lesson = self.run(self.some(Lesson, which))
            assistant = f"a{classroom[1:]}" if there else None
            self.attempt(
                change.substitute_assistant(self.database, lesson, classroom, assistant, "p0", self.now, rules=RULES)
            )

        @rule(which=WHICH, teacher=TEACHERS, since=DAYS)
        def substitutes_series(self, which: int, teacher: str, since: dt.date) -> None:
            it = self.run(self.some(Booking, which))
            self.attempt(series.substitute(self.database, it, since, teacher, "p0", self.now, rules=RULES))

        @rule(which=WHICH, when=CLOCKS)
        def makes_up(self, which: int, when: Plan) -> None:
            lesson = self.run(self.some(Lesson, which))
            self.attempt(change.make_up(self.database, lesson, when, "p0", self.now, rules=RULES, may_approve={"s3"}))

        @rule(which=WHICH, minutes=st.integers(1, 60))
        def is_on_and_extended(self, which: int, minutes: int) -> None:
            """The bell opens a lesson in its time; it goes on longer and may end."""

            async def live(session: Any) -> float | None:
                lesson = await session.get(Lesson, id)
                if lesson is None or lesson.state != "scheduled":
                    return None
                lesson.state = "live"
                return float(lesson.starts)

            async def end(session: Any) -> None:
                (await session.get(Lesson, id)).state = "ended"
                await claims.release(session, [id])

            id = self.run(self.some(Lesson, which))
            starts = self.run(self.database.run(live))
            if starts is None:
                return
            self.attempt(change.extend(self.database, id, minutes, "t0", starts + 60, rules=RULES))
            if minutes % 2:
                self.run(self.database.run(end))

        @rule(hours=st.integers(1, 30))
        def time_passes(self, hours: int) -> None:
            self.now += hours * 3600

        @invariant()
        def all_is_well(self) -> None:
            self.run(claims_are_right(self.database))
            self.run(self.within_capacity())

        async def within_capacity(self) -> None:
            async with self.database.read() as session:
                loads = set(await session.scalars(select(Load.classrooms)))
            assert all(0 <= classrooms <= RULES.capacity for classrooms in loads)

    return Changes


def test_no_sequence_of_changes_puts_anybody_into_two_lessons(database_url: str) -> None:
    async def prepare() -> None:
        async with Database(database_url) as database:
            await fill(database)

    def run() -> None:
        asyncio.run(prepare())
        run_state_machine_as_test(machine(database_url), settings=SETTINGS)

    # In a thread of its own: the event loop of the other tests is left as it is.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(run).result()

"""Who may do what, and where: one table, the same one as in docs/rights.md.

A grant is a role within a scope. What is done is done to something, and that lies within scopes: the whole system, the
regions above a school, the school, a classroom. Somebody may do it who has a role that may, granted for one of them.
Everybody is also granted `own` for what is hers: her account, the lessons she teaches, the seat she assists at.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

Role = Literal["admin", "planner", "teacher", "assistant", "supervisor", "staff"]
Kind = Literal["system", "region", "school", "classroom"]

ROLES: tuple[Role, ...] = get_args(Role)
KINDS: tuple[Kind, ...] = get_args(Kind)
OWN = "own"


class Scope(NamedTuple):
    """:ivar kind: of `KINDS`, or `person`. :ivar id: empty for the whole system."""

    kind: str
    id: str


SYSTEM = Scope("system", "")
Chain = tuple[Scope, ...]
"""The scopes that something lies within, the widest one first."""


class Grant(NamedTuple):
    role: str
    scope: Scope


class Where(enum.Enum):
    """Which scopes count. Only bookings and lessons have two ends: the lead classroom's and the receiving ones'."""

    HERE = "here"
    """Its own scopes; of a booking or lesson those of the lead classroom."""
    EITHER = "either end"
    """Its own scopes; of a booking or lesson those of every classroom in it."""
    ANYWHERE = "anywhere"
    """Whoever has the role anywhere may do it everywhere."""


@dataclass(frozen=True, slots=True)
class Right:
    roles: frozenset[str]
    where: Where


def _right(roles: str, where: Where = Where.HERE) -> Right:
    return Right(frozenset(roles.split()), where)


_ALL = "admin planner teacher assistant supervisor staff"

TABLE: dict[str, Right] = {
    "places.read": _right(_ALL, Where.ANYWHERE),
    "places.write": _right("admin"),
    "times.read": _right(_ALL, Where.ANYWHERE),
    "times.write": _right("admin planner"),
    "people.read": _right("admin planner own"),
    "people.write": _right("admin"),
    "account.write": _right("own"),
    "role.grant": _right("admin planner"),
    "booking.read": _right(f"{_ALL} own", Where.EITHER),
    "booking.request": _right("admin planner teacher"),
    "booking.approve": _right("admin planner"),
    "booking.change": _right("admin planner"),
    "booking.withdraw": _right("admin planner own"),
    "lesson.run": _right("admin own"),
    "lesson.assist": _right("admin assistant own", Where.EITHER),
    "lesson.ready": _right("admin planner teacher assistant supervisor own", Where.EITHER),
    "lesson.watch": _right("admin planner supervisor", Where.EITHER),
    "device.read": _right("admin planner teacher assistant supervisor"),
    "device.pair": _right("admin"),
    "device.revoke": _right("admin"),
    "import.run": _right("admin"),
    "export.run": _right("admin planner"),
    "audit.read": _right("admin"),
    "ledger.read": _right("admin planner supervisor own", Where.EITHER),
    "ledger.export": _right("admin planner"),
    "webhook.read": _right("admin"),
    "webhook.write": _right("admin"),
    "rating.give": _right("supervisor own", Where.EITHER),
    "rating.read": _right("admin planner supervisor own", Where.EITHER),
    "metrics.read": _right("admin supervisor"),
    "recording.read": _right("admin planner supervisor own", Where.EITHER),
    "recording.control": _right("admin own"),
    "library.read": _right(_ALL, Where.ANYWHERE),
    "library.add": _right("admin planner teacher staff"),
    "library.edit": _right("admin staff own"),
    "library.remove": _right("admin own"),
    "library.import": _right("admin staff"),
    "stages.read": _right("admin planner staff own"),
    "stages.retry": _right("admin staff own"),
}

GRANTABLE: dict[str, frozenset[str]] = {
    "admin": frozenset(ROLES),
    "planner": frozenset(("teacher", "assistant", "staff")),
}
"""Which roles somebody with `role.grant` may give and take, by the role that lets him."""


def allowed(grants: Iterable[Grant], action: str, chain: Chain) -> bool:
    """Whether these grants permit an action on something.

    :param chain: the scopes it lies within; of a lesson's two ends those that `TABLE[action].where` asks for.
    :raises KeyError: there is no such action.
    """
    right = TABLE[action]
    anywhere = right.where is Where.ANYWHERE
    return any(grant.role in right.roles and (anywhere or grant.scope in chain) for grant in grants)


def may_grant(grants: Iterable[Grant], role: str, chain: Chain) -> bool:
    """Whether these grants permit to give `role` to somebody, or take it away, in the last scope of `chain`."""
    return any(role in GRANTABLE.get(grant.role, ()) and grant.scope in chain for grant in grants)


def reach(grants: Iterable[Grant], action: str) -> frozenset[Scope]:
    """The scopes within which these grants permit an action, for lists of what somebody may see."""
    right = TABLE[action]
    scopes = frozenset(grant.scope for grant in grants if grant.role in right.roles)
    return frozenset((SYSTEM,)) if scopes and right.where is Where.ANYWHERE else scopes


def own(person: str) -> Grant:
    """What everybody has without being given it."""
    return Grant(OWN, Scope("person", person))

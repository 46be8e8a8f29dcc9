"""Who may do what: one table, the same one as in docs/protocol.md ("Tokens")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from mediaserver.api import Role, Source

Action = Literal["call", "mute", "tiles", "end", "stats", "hand", "display", "remote", "record", "captions"]
"""WebSocket messages that need a right; `ping` needs none."""

ROLES: tuple[Role, ...] = get_args(Role)
SOURCES: tuple[Source, ...] = get_args(Source)


@dataclass(frozen=True, slots=True)
class Rights:
    """:ivar publish: sources a role may send. :ivar watches: gets numbers (`stats` to pages) of those it sees.
    :ivar sees_all: sees every participant, not only the teacher, the called classroom and the one it is beside."""

    publish: frozenset[Source]
    commands: frozenset[Action]
    subscribe: bool = True
    watches: bool = False
    sees_all: bool = True
    lists_rooms: bool = False


TABLE: dict[Role, Rights] = {
    "lead": Rights(
        frozenset(("camera", "screen", "microphone")),
        frozenset(("call", "mute", "tiles", "end", "record", "captions")),
        watches=True,
    ),
    "classroom": Rights(frozenset(("camera", "microphone")), frozenset(("stats", "hand", "display")), sees_all=False),
    "assistant": Rights(frozenset(), frozenset(("remote",)), watches=True, sees_all=False),
    "staff": Rights(frozenset(), frozenset()),
    "supervisor": Rights(frozenset(), frozenset(), watches=True),
    "admin": Rights(frozenset(), frozenset(("call", "mute", "end", "record")), watches=True, lists_rooms=True),
}


def may_publish(role: Role, granted: frozenset[Source]) -> frozenset[Source]:
    """What a token's `publish` leaves of its role's sources: a token narrows, it never widens."""
    return TABLE[role].publish & granted


def may_subscribe(role: Role, granted: bool) -> bool:
    return TABLE[role].subscribe and granted


def may(role: Role, action: str) -> bool:
    return action in TABLE[role].commands

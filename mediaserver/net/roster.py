"""Who is there: sessions, found by id, by room and by participant, and counted by packet plane."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, ValuesView

from mediaserver.net.session import Session


class Roster(Mapping[str, Session]):
    """Sessions by id, in the order they were added. A whole school joins one room at once, so that nothing about one
    joiner may cost a walk over the others.
    """

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}
        self._rooms: dict[str, dict[str, Session]] = {}
        self._participants: dict[tuple[str, str], list[Session]] = {}
        self._planes: Counter[int] = Counter()
        self._planes_of_room: defaultdict[str, Counter[int]] = defaultdict(Counter)

    def __getitem__(self, id: str) -> Session:
        return self._sessions[id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._sessions)

    def __len__(self) -> int:
        return len(self._sessions)

    def values(self) -> ValuesView[Session]:
        """The table's own view: that of `Mapping` looks every session up, at every tick."""
        return self._sessions.values()

    def add(self, session: Session) -> None:
        self._sessions[session.id] = session
        self._rooms.setdefault(session.room.name, {})[session.id] = session
        self._participants.setdefault((session.room.name, session.participant), []).append(session)
        self._planes[session.port.number] += 1
        self._planes_of_room[session.room.name][session.port.number] += 1

    def remove(self, session: Session) -> bool:
        """Whether it was there."""
        if self._sessions.pop(session.id, None) is None:
            return False
        room, participant = session.room.name, session.participant
        self._planes[session.port.number] -= 1
        self._planes_of_room[room][session.port.number] -= 1
        del self._rooms[room][session.id]
        if not self._rooms[room]:
            del self._rooms[room], self._planes_of_room[room]
        self._participants[room, participant].remove(session)
        if not self._participants[room, participant]:
            del self._participants[room, participant]
        return True

    def in_room(self, room: str) -> Collection[Session]:
        """A view: take a copy before sessions are added or removed."""
        return self._rooms.get(room, {}).values()

    def on_planes(self, planes: int) -> list[int]:
        """Sessions on each of `planes` planes."""
        return [self._planes[number] for number in range(planes)]

    def of_room_on_planes(self, room: str, planes: int) -> list[int]:
        counted = self._planes_of_room.get(room, {})
        return [counted.get(number, 0) for number in range(planes)]

    def of(self, room: str, participant: str, direction: str | None = None) -> list[Session]:
        """The oldest first."""
        known = self._participants.get((room, participant), ())
        return [session for session in known if direction in (None, session.direction)]

"""Who is there: the sessions of one packet plane, found by id, by room and by participant."""

from __future__ import annotations

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

    def remove(self, session: Session) -> bool:
        """Whether it was there."""
        if self._sessions.pop(session.id, None) is None:
            return False
        room, participant = session.room.name, session.participant
        del self._rooms[room][session.id]
        if not self._rooms[room]:
            del self._rooms[room]
        self._participants[room, participant].remove(session)
        if not self._participants[room, participant]:
            del self._participants[room, participant]
        return True

    def in_room(self, room: str) -> Collection[Session]:
        """A view: take a copy before sessions are added or removed."""
        return self._rooms.get(room, {}).values()

    def of(self, room: str, participant: str, direction: str | None = None) -> list[Session]:
        """The oldest first."""
        known = self._participants.get((room, participant), ())
        return [session for session in known if direction in (None, session.direction)]

"""The table of sessions, its indexes and its counts agree, whoever comes and goes."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from mediaserver.net.addresses import Port
from mediaserver.net.roster import Roster
from mediaserver.net.session import Session
from mediaserver.sfu.room import Room

ROOMS = [Room("a"), Room("b")]
PORTS = [Port(number, 8443 + number, frozenset((number,)), ()) for number in range(3)]


def session(number: int, room: int, participant: str, direction: str) -> Session:
    return Session(f"s{number}", number, ROOMS[room], participant, "classroom", direction, 0.0, "c", PORTS[number % 3])


def test_finding() -> None:
    roster = Roster()
    one, two, other = session(1, 0, "p", "publish"), session(2, 0, "p", "subscribe"), session(3, 1, "p", "publish")
    for each in (one, two, other):
        roster.add(each)
    assert roster.on_planes(3) == [1, 1, 1] and roster.of_room_on_planes("b", 3) == [1, 0, 0]
    assert roster == {"s1": one, "s2": two, "s3": other} and len(roster) == 3
    assert list(roster.in_room("a")) == [one, two] and list(roster.in_room("nowhere")) == []
    assert roster.of("a", "p") == [one, two] and roster.of("a", "p", "subscribe") == [two] and roster.of("a", "q") == []
    assert roster.remove(one) and not roster.remove(one)
    assert roster.of("a", "p") == [two] and roster.get("s1") is None


joins = st.tuples(st.integers(0, 1), st.sampled_from("pqr"), st.sampled_from(("publish", "subscribe")))


@given(st.lists(st.one_of(joins, st.integers(0, 20)), max_size=40))
def test_indexes_agree_with_a_walk(steps: list[tuple[int, str, str] | int]) -> None:
    roster = Roster()
    for number, step in enumerate(steps):
        if isinstance(step, tuple):
            roster.add(session(number, *step))
        elif roster:
            assert roster.remove(list(roster.values())[step % len(roster)])
        for room in ROOMS:
            here = [one for one in roster.values() if one.room is room]
            assert list(roster.in_room(room.name)) == here
            on = Counter(one.port.number for one in here)
            assert roster.of_room_on_planes(room.name, 3) == [on[number] for number in range(3)]
            for participant in "pqr":
                assert roster.of(room.name, participant) == [one for one in here if one.participant == participant]
    for one in list(roster.values()):
        roster.remove(one)
    assert not roster and not roster._rooms and not roster._participants and not roster._planes_of_room
    assert roster.on_planes(3) == [0, 0, 0]

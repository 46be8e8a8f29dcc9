"""The table of rights: what the document says, and every decision that follows from it."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from signalling.people import roles
from signalling.people.roles import GRANTABLE, OWN, ROLES, SYSTEM, TABLE, Grant, Scope, Where, allowed, may_grant

DOCUMENT = (Path(__file__).parents[2] / "docs" / "rights.md").read_text()
COLUMNS = (*ROLES, OWN)
ROW = re.compile(r"^\| `([a-z]+\.[a-z]+)` \| ([^|]+) \|(.*)\| ([a-z ]+) \|$", re.M)

CHAIN = (
    SYSTEM,
    Scope("region", "province"),
    Scope("region", "county"),
    Scope("school", "lead"),
    Scope("classroom", "room"),
    Scope("person", "teacher"),
)
ELSEWHERE = (
    Scope("region", "other"),
    Scope("school", "village"),
    Scope("classroom", "other"),
    Scope("person", "other"),
    Scope("school", "room"),  # the id of one kind is none of another
    Scope("region", ""),
)


def documented() -> dict[str, tuple[frozenset[str], str]]:
    """action → who may, where."""
    read = {}
    for action, _, cells, where in ROW.findall(DOCUMENT):
        marks = [cell.strip() for cell in cells.split("|")]
        assert len(marks) == len(COLUMNS) and set(marks) <= {"✓", ""}, action
        read[action] = (frozenset(itertools.compress(COLUMNS, marks)), where)
    return read


def test_the_document_has_the_table() -> None:
    header = next(line for line in DOCUMENT.splitlines() if line.startswith("| action | meaning"))
    assert [cell.strip() for cell in header.split("|")[3:-2]] == list(COLUMNS)
    assert documented() == {action: (right.roles, right.where.value) for action, right in TABLE.items()}


def test_the_document_says_who_gives_what() -> None:
    rows = dict(re.findall(r"^\| `([a-z]+)` \| ((?:`[a-z]+`(?:, )?)+) \|$", DOCUMENT, re.M))
    assert {who: frozenset(re.findall(r"[a-z]+", given)) for who, given in rows.items()} == GRANTABLE
    assert frozenset(GRANTABLE) == TABLE["role.grant"].roles


@pytest.mark.parametrize("action", TABLE)
def test_every_decision(action: str) -> None:
    may, where = documented()[action]
    for role, scope in itertools.product((*COLUMNS, "nobody"), (*CHAIN, *ELSEWHERE)):
        expected = role in may and (scope in CHAIN or where == "anywhere")
        assert allowed([Grant(role, scope)], action, CHAIN) is expected, (role, scope)
        # Another grant neither helps nor harms.
        other = Grant("nobody", SYSTEM)
        assert allowed([other, Grant(role, scope), other], action, CHAIN) is expected


def test_without_grants_nothing_is_allowed() -> None:
    assert not any(allowed([], action, CHAIN) for action in TABLE)


def test_whoever_is_only_herself_changes_nothing_but_her_own() -> None:
    mine = [roles.own("teacher")]
    assert {action for action in TABLE if allowed(mine, action, CHAIN[:-1])} == set()
    assert "account.write" in {action for action in TABLE if allowed(mine, action, CHAIN)}


@pytest.mark.parametrize(("holder", "role"), list(itertools.product(COLUMNS, ROLES)))
def test_giving_roles(holder: str, role: str) -> None:
    for scope in (*CHAIN, *ELSEWHERE):
        expected = role in GRANTABLE.get(holder, ()) and scope in CHAIN
        assert may_grant([Grant(holder, scope)], role, CHAIN) is expected


def test_nobody_gives_himself_more() -> None:
    school = CHAIN[:4]
    for holder in ROLES:
        grants = [Grant(holder, school[-1])]
        assert not any(may_grant(grants, role, (SYSTEM,)) for role in ROLES)
        if holder != "admin":
            assert not may_grant(grants, "admin", school)


def test_reach() -> None:
    grants = [Grant("planner", Scope("school", "lead")), Grant("teacher", Scope("school", "village")), roles.own("me")]
    assert roles.reach(grants, "booking.change") == {Scope("school", "lead")}
    assert roles.reach(grants, "booking.request") == {Scope("school", "lead"), Scope("school", "village")}
    assert roles.reach(grants, "places.read") == {SYSTEM}
    assert roles.reach(grants[2:], "places.read") == frozenset()
    assert roles.reach(grants, "audit.read") == frozenset()
    for action in TABLE:
        chain = tuple(roles.reach(grants, action))
        assert allowed(grants, action, chain) is bool(chain)


def test_where_has_three_words() -> None:
    assert {where for _, where in documented().values()} == {where.value for where in Where}

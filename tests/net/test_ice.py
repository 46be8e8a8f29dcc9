"""The table of peers, without sockets: who is who, and where."""

from __future__ import annotations

from typing import Any

import pytest
from aioice import stun as client

from mediaserver.net import ice as module
from mediaserver.net.ice import Credentials, IceLite
from mediaserver.plane.interface import Address


def at(number: int) -> Address:
    return Address(0, ("192.0.2.1", number))


class Table:
    def __init__(self) -> None:
        self.sent: list[tuple[Address, client.Message]] = []
        self.moves: list[tuple[int, Address]] = []
        self.now = 1000.0
        self.ice = IceLite(
            lambda address, data: self.sent.append((address, client.parse_message(data))),
            lambda key, address: self.moves.append((key, address)),
        )

    def add(self, key: int) -> Credentials:
        return self.ice.add(key, self.now, {0})

    def check(self, ours: Credentials, address: Address, *, nominate: bool = False, **attributes: Any) -> None:
        fields: dict[str, Any] = {"USERNAME": f"{ours.ufrag}:peer", **attributes}
        if nominate:
            fields["USE-CANDIDATE"] = None
        message = client.Message(client.Method.BINDING, client.Class.REQUEST, attributes=fields)
        message.add_message_integrity(ours.password.encode())
        self.ice.receive(bytes(message), address, self.now)


@pytest.fixture
def table() -> Table:
    return Table()


def test_credentials_are_long_and_new() -> None:
    """RFC 8839 §5.4: 24 and 128 bits at least; these have log2(62) = 5.95 bits a character."""
    one, two = Credentials.generate(), Credentials.generate()
    assert (len(one.ufrag), len(one.password)) == (8, 24)
    assert one.ufrag != two.ufrag and one.password != two.password


def test_two_peers(table: Table) -> None:
    first, second = table.add(1), table.add(2)
    assert table.ice.address(1) is None and table.ice.peer_at(at(1)) is None
    table.now += 1
    table.check(first, at(1))
    table.check(second, at(2))
    assert table.moves == [(1, at(1)), (2, at(2))]
    assert [address for address, _ in table.sent] == [at(1), at(2)]
    assert (table.ice.peer_at(at(1)), table.ice.peer_at(at(2))) == (1, 2)
    assert table.ice.address(2) == at(2)
    assert (table.ice.heard(1), table.ice.count["stun_ok"]) == (1001.0, 2)


def test_nominated_address_is_taken_at_once(table: Table) -> None:
    ours = table.add(1)
    table.check(ours, at(1), nominate=True)
    table.check(ours, at(2))
    assert table.ice.address(1) == at(1)
    table.check(ours, at(2), nominate=True)
    assert table.moves == [(1, at(1)), (1, at(2))]
    assert table.ice.peer_at(at(1)) == 1, "what is under way from there is still the peer's"


def test_silent_address_is_left_without_nomination(table: Table) -> None:
    ours = table.add(1)
    table.check(ours, at(1), nominate=True)
    table.now += module._SILENT_S
    table.check(ours, at(2))
    assert table.ice.address(1) == at(1)
    table.now += 0.1
    table.check(ours, at(2))
    assert table.ice.address(1) == at(2)


def test_browser_that_checks_a_second_pair_now_and_then(table: Table) -> None:
    ours = table.add(1)
    for _ in range(20):
        table.check(ours, at(1), nominate=True)
        table.now += 2.6
        table.check(ours, at(2))
    assert table.moves == [(1, at(1))]


def test_restart(table: Table) -> None:
    ours = table.add(1)
    table.check(ours, at(1), nominate=True)
    unused, new = table.ice.restart(1), table.ice.restart(1)
    table.check(unused, at(5))
    assert table.ice.count["drop_stun_unknown_ufrag"] == 1
    table.check(ours, at(1))
    table.check(new, at(3), nominate=True)
    assert table.ice.address(1) == at(3)
    assert table.sent[-1][1].check_message_integrity(new.password.encode())
    table.check(ours, at(1))
    assert table.ice.count == {
        "stun_ok": 3,
        "drop_stun_malformed": 0,
        "drop_stun_unknown_ufrag": 2,
        "drop_stun_wrong_port": 0,
        "drop_stun_integrity": 0,
        "stun_role_conflict": 0,
    }


def test_port_that_the_answer_did_not_name(table: Table) -> None:
    ours = table.add(1)
    table.check(ours, Address(1, at(1).peer))
    assert table.ice.count["drop_stun_wrong_port"] == 1
    assert table.sent == [] and table.ice.address(1) is None


def test_refusals_are_counted_and_not_answered(table: Table) -> None:
    ours = table.add(1)
    table.ice.receive(b"\0\1", at(1), table.now)
    table.check(Credentials("nobody12", ours.password), at(1))
    table.check(Credentials(ours.ufrag, "wrong"), at(1))
    assert table.sent == table.moves == []
    assert [table.ice.count[f"drop_stun_{why}"] for why in ("malformed", "unknown_ufrag", "integrity")] == [1, 1, 1]
    assert table.ice.heard(1) == 1000.0 and table.ice.peer_at(at(1)) is None


def test_role_conflict_moves_nothing(table: Table) -> None:
    table.check(table.add(1), at(1), **{"ICE-CONTROLLED": 5})
    assert [message.error_code for _, message in table.sent] == [487]
    assert table.moves == [] and table.ice.peer_at(at(1)) is None


def test_addresses_are_bounded_and_the_selected_one_stays(table: Table) -> None:
    ours = table.add(1)
    table.check(ours, at(1), nominate=True)
    for number in range(2, 100):
        table.check(ours, at(number))
    known = [number for number in range(1, 100) if table.ice.peer_at(at(number)) == 1]
    assert known == [1, *range(100 - module._MAX_ADDRESSES + 1, 100)]
    assert len(table.ice._by_address) == module._MAX_ADDRESSES


def test_address_that_changes_hands_and_back(table: Table) -> None:
    first, second = table.add(1), table.add(2)
    table.check(first, at(1), nominate=True)
    table.check(second, at(1), nominate=True)
    assert table.ice.peer_at(at(1)) == 2
    table.check(first, at(1))
    assert table.ice.peer_at(at(1)) == 1 and table.moves[-1] == (1, at(1))
    table.ice.remove(2)
    assert table.ice.peer_at(at(1)) == 1


def test_nothing_is_left_of_a_peer(table: Table) -> None:
    ours = table.add(1)
    for number in range(5):
        table.check(ours, at(number))
    table.ice.restart(1)
    table.ice.remove(1)
    table.ice.remove(1)
    assert (table.ice._by_ufrag, table.ice._by_address, table.ice._peers) == ({}, {}, {})
    assert table.ice.address(1) is None

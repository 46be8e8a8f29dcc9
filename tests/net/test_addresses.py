from __future__ import annotations

import ipaddress

from mediaserver.net.addresses import announced, candidates, machine_addresses


def test_configured_ones_count_alone() -> None:
    bound = [("0.0.0.0", 5000), ("::", 5000)]
    assert announced(bound, [("203.0.113.1", 0), ("lesson.example", 443)], ["192.0.2.1"]) == [
        ("203.0.113.1", 5000),
        ("lesson.example", 443),
    ]


def test_bound_ones_as_they_are() -> None:
    assert announced([("127.0.0.1", 7), ("::1", 7)], [], ["192.0.2.1"]) == [("127.0.0.1", 7), ("::1", 7)]


def test_wildcard_stands_for_the_machine() -> None:
    machine = ["127.0.0.1", "192.0.2.1", "fe80::1", "2001:db8::1", "::1", "169.254.1.1", "192.0.2.1"]
    assert announced([("0.0.0.0", 7), ("::", 7)], [], machine) == [
        ("192.0.2.1", 7),
        ("127.0.0.1", 7),
        ("2001:db8::1", 7),
        ("::1", 7),
    ]


def test_machine_has_loopback() -> None:
    addresses = [ipaddress.ip_address(address.partition("%")[0]) for address in machine_addresses()]
    assert any(address.is_loopback for address in addresses)
    assert ("127.0.0.1", 7) in announced([("0.0.0.0", 7)], [])


def test_candidates_by_priority() -> None:
    """RFC 8445 §5.1.2.1: 2²⁴·type + 2⁸·local + (256 − component)."""
    lines = candidates([("192.0.2.1", 7), ("2001:db8::1", 8)])
    assert lines[0] == f"1 1 udp {(126 << 24) + (65534 << 8) + 255} 192.0.2.1 7 typ host"
    assert lines[1] == f"2 1 udp {(126 << 24) + (65533 << 8) + 255} 2001:db8::1 8 typ host"

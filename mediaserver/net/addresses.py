"""Which addresses to announce, and the ICE candidates made of them (RFC 8839 §5.1)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import ifaddr

_HOST_PREFERENCE = 126


def announced(
    bound: Sequence[tuple[str, int]], configured: Sequence[tuple[str, int]], interfaces: Iterable[str] | None = None
) -> list[tuple[str, int]]:
    """(address, port) pairs in order of preference.

    :param configured: from the settings; port 0 stands for the bound one. When there are any, nothing else counts.
    :param interfaces: this machine's addresses, for sockets bound to a wildcard; None asks the machine.
    """
    port = bound[0][1]
    if configured:
        return [(host, announced_port or port) for host, announced_port in configured]
    found: list[tuple[str, int]] = []
    for host, bound_port in bound:
        address = ipaddress.ip_address(host)
        if not address.is_unspecified:
            found.append((host, bound_port))
            continue
        every = machine_addresses() if interfaces is None else list(interfaces)
        usable = [other for other in map(ipaddress.ip_address, every) if other.version == address.version]
        # Loopback last: it is right only for a browser on this machine.
        usable.sort(key=lambda other: other.is_loopback)
        found += [(str(other), bound_port) for other in usable if not other.is_link_local]
    return list(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Port:
    """One packet plane as its peers see it.

    :ivar sockets: as `Address` numbers them. :ivar candidates: values of `a=candidate:`.
    """

    number: int
    port: int
    sockets: frozenset[int]
    candidates: tuple[str, ...]


def ports(bound: Sequence[tuple[str, int]], configured: Sequence[tuple[str, int]]) -> list[Port]:
    """Of each plane, in their order; `bound` has all sockets in theirs.

    :param configured: for the first plane. The others are announced that many ports further on.
    """
    found: list[Port] = []
    for number, port in enumerate(dict.fromkeys(port for _, port in bound)):
        sockets = [i for i, (_, bound_port) in enumerate(bound) if bound_port == port]
        shifted = [(host, known and known + number) for host, known in configured]
        addresses = announced([bound[i] for i in sockets], shifted)
        found.append(Port(number, port, frozenset(sockets), candidates(addresses)))
    return found


def machine_addresses() -> list[str]:
    """Addresses of all interfaces of this machine."""
    return [ip.ip if isinstance(ip.ip, str) else ip.ip[0] for adapter in ifaddr.get_adapters() for ip in adapter.ips]


def candidates(addresses: Sequence[tuple[str, int]]) -> tuple[str, ...]:
    """Values of `a=candidate:`; priorities as in RFC 8445 §5.1.2.1."""
    return tuple(
        f"{number} 1 udp {_HOST_PREFERENCE << 24 | (65535 - number) << 8 | 255} {host} {port} typ host"
        for number, (host, port) in enumerate(addresses, 1)
    )

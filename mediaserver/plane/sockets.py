"""The UDP sockets of a plane: one per address, all on one port."""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence

_PORT_TRIES = 20
_NO_SUCH_FAMILY = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)


def bind_all(hosts: Sequence[str], port: int, buffer: int) -> list[socket.socket]:
    """One non-blocking socket per host, in their order; port 0 finds one that is free on all of them.

    A host whose address family this machine lacks is left out as long as another is bound.

    :param buffer: bytes asked of the kernel for each direction.
    :raises OSError: the port is taken, or no address can be bound.
    """
    tries = 1 if port else _PORT_TRIES
    for attempt in range(tries):
        try:
            return _try(hosts, port, buffer)
        except OSError:
            if attempt + 1 == tries:
                raise
    raise AssertionError("unreachable")


def _try(hosts: Sequence[str], port: int, buffer: int) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    missing: OSError | None = None
    try:
        for host in hosts:
            try:
                sockets.append(_bind(host, port, buffer))
            except OSError as error:
                if error.errno not in _NO_SUCH_FAMILY:
                    raise
                missing = error
            else:
                port = sockets[-1].getsockname()[1]
    except OSError:
        for sock in sockets:
            sock.close()
        raise
    if not sockets:
        raise missing or OSError(errno.EADDRNOTAVAIL, "no address to bind")
    return sockets


def _bind(host: str, port: int, buffer: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        if ":" in host:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock

"""The listening TCP sockets of one server: several addresses, one port number."""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence

import structlog

from mediaserver.api import UserError

log = structlog.get_logger("signalling.sockets")

_ABSENT = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
_ATTEMPTS = 20


def listen(hosts: Sequence[str], port: int) -> list[socket.socket]:
    """Bind every address that this machine has, all on one port.

    :param port: 0 lets the kernel choose a port that is free on all of them.
    :raises UserError: the port is taken or forbidden, or none of the addresses exists here.
    """
    for attempt in range(_ATTEMPTS):
        sockets: list[socket.socket] = []
        chosen = port
        try:
            for host in hosts:
                made = _bind(host, chosen)
                if made is not None:
                    sockets.append(made)
                    chosen = made.getsockname()[1]
            if not sockets:
                raise UserError(
                    400, "bad_config", f"This machine has none of the addresses {', '.join(hosts)}; check http.host."
                )
            return sockets
        except OSError as error:
            for made in sockets:
                made.close()
            # The kernel's choice for the first address may be taken on the second: let it choose again.
            if port == 0 and error.errno == errno.EADDRINUSE and attempt + 1 < _ATTEMPTS:
                continue
            raise _sentence(error, host, chosen, "http.port") from None
    raise AssertionError("unreachable")


def _bind(host: str, port: int) -> socket.socket | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = None
    try:
        made = socket.socket(family, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((host, port))
        made.listen(128)
        made.setblocking(False)
    except OSError as error:
        if made is not None:
            made.close()
        if error.errno in _ABSENT:
            log.warning("address_absent", host=host)
            return None
        raise
    return made


def _sentence(error: OSError, host: str, port: int, setting: str) -> UserError:
    if error.errno == errno.EADDRINUSE:
        detail = f"Port {port} on {host} is already in use; stop the program that has it, or set {setting}."
    elif error.errno == errno.EACCES:
        detail = f"Port {port} on {host} needs root; set {setting} to 1024 or more."
    else:
        detail = f"Port {port} on {host} cannot be opened: {error.strerror}; check http.host."
    return UserError(400, "bad_config", detail)

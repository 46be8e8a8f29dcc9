"""Where webhooks may go: an administrator of one school must not reach through them what only this server reaches.

An address is judged when the socket is made, after every name was resolved: a name that pointed elsewhere when the
webhook was saved, and an address written in some odd way, are judged as what they are by then.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from mediaserver.api import UserError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
MAX_URL = 500
FORBIDDEN = errno.EACCES
"""The error number of a target that is not allowed."""

NEVER = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "169.254.0.0/16",  # link-local; most clouds tell machines their secrets at 169.254.169.254
        "100.100.100.200/32",  # the same at Alibaba Cloud
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/128",
        "fe80::/10",
        "fd00:ec2::254/128",  # the same at Amazon
        "ff00::/8",
    )
)
"""Whatever the setting says."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def meant(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, where it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None) or address


def permitted(text: str, allow: Sequence[Network]) -> bool:
    """:param text: an address, with or without an interface (`fe80::1%eth0`)."""
    try:
        address = meant(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return False
    if any(address in network for network in NEVER):
        return False
    return address.is_global or any(address in network for network in allow)


def socket_factory(allow: Sequence[Network]) -> Callable[[tuple[Any, ...]], socket.socket]:
    """For `aiohttp.TCPConnector`: makes no socket for an address that is not allowed."""

    def make(info: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, address = info
        if not permitted(address[0], allow):
            raise PermissionError(FORBIDDEN, "the address is not allowed")
        return socket.socket(family=family, type=kind, proto=protocol)

    return make


def origin(url: str) -> str:
    """Scheme, name and port: what may be shown and logged of a URL whose path may be a secret."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}" + (f":{parts.port}" if parts.port else "")


def check_url(url: str, allow: Sequence[Network]) -> str:
    """:raises UserError: 422 `bad_url`, `forbidden_target`."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits or len(url) > MAX_URL or not url.isascii() or not url.isprintable() or " " in url or "#" in url:
        raise UserError(
            422, "bad_url", f"Write an address that begins with https:// or http://, of up to {MAX_URL} characters."
        )
    if "@" in parts.netloc:
        raise UserError(
            422, "bad_url", "Leave user name and password out of the address; the receiver checks the signature."
        )
    host = (parts.hostname or "").rstrip(".")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        # A name is judged when it is resolved; this one alone is known.
        local = host == "localhost" or host.endswith(".localhost")
        refused = local and not permitted("127.0.0.1", allow) and not permitted("::1", allow)
    else:
        refused = not permitted(host, allow)
    if refused:
        raise UserError(
            422,
            "forbidden_target",
            "Webhooks do not go to this address; let an administrator of the server add its network to webhooks.allow.",
        )
    return url

"""Connectivity checks of a peer whose address is known: its consent (RFC 7675), a few seconds apart while it is here.

They change nothing, so control need not wake for them.
"""

from __future__ import annotations

from mediaserver.plane.interface import Address
from mediaserver.plane.tables import TransportState
from mediaserver.rtp import stun

MAX_USERNAME = 64
MAX_PASSWORD = 32
"""Bytes; peers with longer ones are answered by control."""


def expect(transport: TransportState, username: bytes, password: bytes) -> None:
    fits = len(username) <= MAX_USERNAME and len(password) <= MAX_PASSWORD
    transport.username, transport.password = (username, password) if fits else (b"", b"")


def consent(transport: TransportState, address: Address, data: bytes, now_us: int) -> bytes | None:
    """The answer, or None when this is anything but an authentic check of `transport`."""
    if not transport.username:
        return None
    try:
        request = stun.parse_request(data)
    except stun.StunError:
        return None
    password = transport.password.decode()
    known = f"{request.local}:{request.remote}".encode() == transport.username
    if not known or request.peer_is_controlled or not request.authentic(password):
        return None
    transport.consent_us = now_us
    return stun.success(request, address.peer, password)

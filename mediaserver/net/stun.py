"""STUN binding requests in and out (RFC 8489, RFC 8445 §7.3), on aioice's message class."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any

from aioice import stun

MAX_LENGTH = 548
"""Bytes; RFC 8489 §6.1 keeps requests below this. Longer ones are not parsed at all."""


class StunError(ValueError):
    """Not a binding request we answer."""


@dataclass(frozen=True, slots=True)
class BindingRequest:
    """:ivar local: our ufrag, :ivar remote: the peer's, from USERNAME."""

    local: str
    remote: str
    use_candidate: bool
    peer_is_controlled: bool
    message: stun.Message

    def authentic(self, password: str) -> bool:
        """Whether MESSAGE-INTEGRITY was made with our password."""
        return self.message.check_message_integrity(password.encode())


def parse_request(data: bytes) -> BindingRequest:
    """Raises `StunError` for anything that is not a binding request with a two-part username."""
    if len(data) > MAX_LENGTH:
        raise StunError("too long")
    try:
        message = stun.parse_message(data)
    except Exception as error:  # aioice raises several kinds on hostile input
        raise StunError(str(error)) from error
    if message.message_method != stun.Method.BINDING or message.message_class != stun.Class.REQUEST:
        raise StunError("not a binding request")
    local, separator, remote = message.attributes.get("USERNAME", "").partition(":")
    if not separator or not local:
        raise StunError("no username")
    return BindingRequest(
        local,
        remote,
        "USE-CANDIDATE" in message.attributes,
        "ICE-CONTROLLED" in message.attributes,
        message,
    )


def _signed(message: stun.Message, password: str) -> bytes:
    message.add_message_integrity(password.encode())
    return bytes(message)


def success(request: BindingRequest, peer: tuple[Any, ...], password: str) -> bytes:
    """The response that tells the peer where it was seen."""
    host, port = str(peer[0]).partition("%")[0], int(peer[1])
    address = ipaddress.ip_address(host)
    return _signed(
        stun.Message(
            message_method=stun.Method.BINDING,
            message_class=stun.Class.RESPONSE,
            transaction_id=request.message.transaction_id,
            attributes={"XOR-MAPPED-ADDRESS": (str(address), port)},
        ),
        password,
    )


def role_conflict(request: BindingRequest, password: str) -> bytes:
    """An ICE-lite agent is always controlled (RFC 8445 §6.1.1); the peer has to switch (§7.3.1.1)."""
    return _signed(
        stun.Message(
            message_method=stun.Method.BINDING,
            message_class=stun.Class.ERROR,
            transaction_id=request.message.transaction_id,
            attributes={"ERROR-CODE": (487, "Role Conflict")},
        ),
        password,
    )

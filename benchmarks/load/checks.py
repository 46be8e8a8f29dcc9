"""STUN as an ICE controlling agent sends it, and answers for agents that check us too."""

from __future__ import annotations

import secrets

from aioice import stun

_PRIORITY = 0x6E0001FF


def binding_request(local_ufrag: str, remote_ufrag: str, remote_password: str) -> bytes:
    """A check that nominates (RFC 8445 §7.2.2). It may be sent again as it is."""
    message = stun.Message(
        message_method=stun.Method.BINDING,
        message_class=stun.Class.REQUEST,
        attributes={
            "USERNAME": f"{remote_ufrag}:{local_ufrag}",
            "PRIORITY": _PRIORITY,
            "ICE-CONTROLLING": secrets.randbits(64),
            "USE-CANDIDATE": None,
        },
    )
    message.add_message_integrity(remote_password.encode())
    return bytes(message)


def is_success(data: bytes) -> bool:
    return data[:2] == b"\x01\x01"


def response_to(data: bytes, password: str, source: tuple[str, int]) -> bytes | None:
    """The answer to a binding request, None for anything else."""
    if data[:2] != b"\x00\x01":
        return None
    try:
        request = stun.parse_message(data)
    except ValueError:
        return None
    response = stun.Message(
        message_method=stun.Method.BINDING,
        message_class=stun.Class.RESPONSE,
        transaction_id=request.transaction_id,
        attributes={"XOR-MAPPED-ADDRESS": source},
    )
    response.add_message_integrity(password.encode())
    return bytes(response)

"""STUN binding requests in and out (RFC 8489, RFC 8445 §7.3): the little of it that an ICE-lite server needs.

Every peer sends a check every few seconds, so with a thousand displays this is most of what control does.
"""

from __future__ import annotations

import binascii
import hmac
import ipaddress
import struct
from dataclasses import dataclass
from typing import Any

MAX_LENGTH = 548
"""Bytes; RFC 8489 §6.1 keeps requests below this. Longer ones are not parsed at all."""

_HEADER = struct.Struct("!HHI12s")
_ATTRIBUTE = struct.Struct("!HH")
_COOKIE = 0x2112A442
_REQUEST, _SUCCESS, _ERROR = 0x0001, 0x0101, 0x0111
_USERNAME, _INTEGRITY, _ERROR_CODE, _XOR_ADDRESS = 0x0006, 0x0008, 0x0009, 0x0020
_USE_CANDIDATE, _FINGERPRINT, _CONTROLLED = 0x0025, 0x8028, 0x8029
_FINGERPRINT_XOR = 0x5354554E
_INTEGRITY_LENGTH = 24
_FINGERPRINT_LENGTH = 8


class StunError(ValueError):
    """Not a binding request we answer."""


@dataclass(frozen=True, slots=True)
class BindingRequest:
    """:ivar local: our ufrag, :ivar remote: the peer's, from USERNAME.
    :ivar signed: what its message integrity covers, and :ivar integrity: the signature (RFC 8489 §14.5).
    """

    transaction: bytes
    local: str
    remote: str
    use_candidate: bool
    peer_is_controlled: bool
    signed: bytes
    integrity: bytes

    def authentic(self, password: str) -> bool:
        """Whether MESSAGE-INTEGRITY was made with our password."""
        return hmac.compare_digest(hmac.digest(password.encode(), self.signed, "sha1"), self.integrity)


def parse_request(data: bytes) -> BindingRequest:
    """Raises `StunError` for anything that is not a signed binding request with a two-part username."""
    if not 20 <= len(data) <= MAX_LENGTH:
        raise StunError("its length is out of range")
    kind, length, cookie, transaction = _HEADER.unpack_from(data)
    if kind != _REQUEST or cookie != _COOKIE or length != len(data) - 20 or length & 3:
        raise StunError("not a binding request")
    username = integrity = signed = b""
    use_candidate = controlled = False
    offset = 20
    while offset + 4 <= len(data):
        attribute, size = _ATTRIBUTE.unpack_from(data, offset)
        value = data[offset + 4 : offset + 4 + size]
        if len(value) != size:
            raise StunError("an attribute is truncated")
        if attribute == _FINGERPRINT:
            if value != _fingerprint(data[:offset]):
                raise StunError("the fingerprint does not match")
        elif signed:
            pass  # what follows the signature is not covered by it (RFC 8489 §9)
        elif attribute == _USERNAME:
            username = value
        elif attribute == _USE_CANDIDATE:
            use_candidate = True
        elif attribute == _CONTROLLED:
            controlled = True
        elif attribute == _INTEGRITY:
            integrity = value
            signed = data[:2] + (offset - 20 + _INTEGRITY_LENGTH).to_bytes(2, "big") + data[4:offset]
        offset += 4 + size + (-size & 3)
    try:
        local, separator, remote = username.decode().partition(":")
    except UnicodeDecodeError:
        raise StunError("the username is not UTF-8") from None
    if not local or not separator:
        raise StunError("no username")
    if not signed:
        raise StunError("no message integrity")
    return BindingRequest(transaction, local, remote, use_candidate, controlled, signed, integrity)


def success(request: BindingRequest, peer: tuple[Any, ...], password: str) -> bytes:
    """The response that tells the peer where it was seen (XOR-MAPPED-ADDRESS, RFC 8489 §14.2)."""
    address = ipaddress.ip_address(str(peer[0]).partition("%")[0])
    mask = _COOKIE.to_bytes(4, "big") + request.transaction
    packed = bytes(a ^ b for a, b in zip(address.packed, mask, strict=False))
    family = 1 if address.version == 4 else 2
    value = struct.pack("!BBH", 0, family, int(peer[1]) ^ _COOKIE >> 16) + packed
    return _signed(_SUCCESS, request.transaction, _XOR_ADDRESS, value, password)


def role_conflict(request: BindingRequest, password: str) -> bytes:
    """An ICE-lite agent is always controlled (RFC 8445 §6.1.1); the peer has to switch (§7.3.1.1)."""
    value = struct.pack("!HBB", 0, 4, 87) + b"Role Conflict"
    return _signed(_ERROR, request.transaction, _ERROR_CODE, value, password)


def _signed(kind: int, transaction: bytes, attribute: int, value: bytes, password: str) -> bytes:
    body = _ATTRIBUTE.pack(attribute, len(value)) + value + bytes(-len(value) & 3)
    head = _HEADER.pack(kind, len(body) + _INTEGRITY_LENGTH, _COOKIE, transaction)
    signature = hmac.digest(password.encode(), head + body, "sha1")
    body += _ATTRIBUTE.pack(_INTEGRITY, len(signature)) + signature
    message = _HEADER.pack(kind, len(body), _COOKIE, transaction) + body
    fingerprint = _fingerprint(message)
    head = _HEADER.pack(kind, len(body) + _FINGERPRINT_LENGTH, _COOKIE, transaction)
    return head + body + _ATTRIBUTE.pack(_FINGERPRINT, len(fingerprint)) + fingerprint


def _fingerprint(message: bytes) -> bytes:
    """RFC 8489 §14.7, over a message whose length already counts the fingerprint attribute."""
    length = len(message) - 20 + _FINGERPRINT_LENGTH
    covered = message[:2] + length.to_bytes(2, "big") + message[4:]
    return (binascii.crc32(covered) ^ _FINGERPRINT_XOR).to_bytes(4, "big")

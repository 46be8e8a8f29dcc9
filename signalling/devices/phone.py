"""What the code on a display says to the phone that reads it: short, so that it is read from the back of the room.

A room token would make a code of ninety modules a side. This one names lesson and display and is signed; the phone gets
its token for it. Nothing of it is stored, so every server on the same secret takes it.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass

from mediaserver.api import UserError

MAX_CODE = 64
_PURPOSE = b"tongke phone beside a display"
_MAC = 12
"""Bytes of the signature: 96 bits, to be guessed over the network only (RFC 2104 §5 takes half of them)."""


@dataclass(frozen=True, slots=True)
class Beside:
    lesson: str
    display: str


def write(secret: bytes, lesson: str, display: str, expires: int) -> str:
    """:param secret: of the server. :param expires: seconds since 1970."""
    text = f"{lesson}.{display}.{expires:x}"
    return f"{text}.{_sign(secret, text)}"


def read(secret: bytes, code: str, now: float) -> Beside:
    """:raises UserError: 403 `phone_code`: not one of this server, or too old."""
    text, _, mac = code.rpartition(".")
    parts = text.split(".")
    if len(code) > MAX_CODE or len(parts) != 3 or not hmac.compare_digest(mac.encode(), _sign(secret, text).encode()):
        raise _old()
    lesson, display, expires = parts
    if int(expires, 16) <= now:
        raise _old()
    return Beside(lesson, display)


def _sign(secret: bytes, text: str) -> str:
    # A key of its own: what is signed here can never be taken for another thing signed with the same secret.
    mac = hmac.digest(hmac.digest(secret, _PURPOSE, "sha256"), text.encode("utf-8", "replace"), "sha256")[:_MAC]
    return base64.urlsafe_b64encode(mac).decode()


def _old() -> UserError:
    return UserError(403, "phone_code", "This code is too old; scan the one that the display shows now.")

"""Passwords that the server has to know again, sealed with its secret: who has the database alone cannot read them."""

from __future__ import annotations

import base64
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mediaserver.api import UserError

_NONCE = 12


class Seal:
    """:param secret: the server's."""

    def __init__(self, secret: bytes) -> None:
        self._key = AESGCM(hmac.digest(secret, b"tongke device password", "sha256"))

    def seal(self, text: str) -> str:
        nonce = secrets.token_bytes(_NONCE)
        return base64.urlsafe_b64encode(nonce + self._key.encrypt(nonce, text.encode(), None)).decode()

    def open(self, sealed: str) -> str:
        """:raises UserError: 409 `unreadable_password`: it was sealed with another secret."""
        try:
            raw = base64.urlsafe_b64decode(sealed)
            return self._key.decrypt(raw[:_NONCE], raw[_NONCE:], None).decode()
        except (InvalidTag, ValueError):
            raise UserError(
                409,
                "unreadable_password",
                "The password was kept by a server with another secret and cannot be read; give it once more.",
            ) from None

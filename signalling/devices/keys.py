"""Codes that are typed, keys that only a display has, and passwords of recorder boxes that are kept sealed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from urllib.parse import quote, urlsplit

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mediaserver.api import UserError

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: none of them is taken for another one that is read from a screen."""
CODE = 6
MAX_KEY = 64
MAX_PASSWORD = 64
_PURPOSE = b"tongke recorder box"
_NONCE = 12
_READ_AS = str.maketrans("OIL", "011", " -\u2010\u2011\u2012\u2013\u2014\u3000")


def new_code() -> str:
    """Such as `K7P-4QX`, 30 bits: enough for what lives minutes and is typed by administrators alone."""
    code = "".join(secrets.choice(LETTERS) for _ in range(CODE))
    return f"{code[:3]}-{code[3:]}"


def plain(code: str) -> str:
    """What was typed, as `hashed` takes it: letters large, without dashes and spaces, O for 0, I and L for 1."""
    return code.upper().translate(_READ_AS)


def new_key() -> str:
    """Of a device, or a claim: 32 random bytes."""
    return secrets.token_urlsafe(32)


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def seal(secret: bytes, device: str, password: str) -> str:
    """For the database: AES-GCM (NIST SP 800-38D) with a key that is used for nothing else; opens for `device` alone.

    :param secret: of the server.
    """
    nonce = os.urandom(_NONCE)
    sealed = nonce + AESGCM(_key(secret)).encrypt(nonce, password.encode(), device.encode())
    return base64.urlsafe_b64encode(sealed).decode()


def unseal(secret: bytes, device: str, sealed: str) -> str:
    """:raises UserError: 409 `password_lost`: the server's secret is another one now."""
    try:
        raw = base64.urlsafe_b64decode(sealed)
        return AESGCM(_key(secret)).decrypt(raw[:_NONCE], raw[_NONCE:], device.encode()).decode()
    except (InvalidTag, binascii.Error, ValueError):
        raise UserError(
            409, "password_lost", "The box's password cannot be read with this server's secret; set it again."
        ) from None


def with_password(url: str, password: str) -> str:
    """A box's address with its password in it, for the process that opens it alone."""
    if not password:
        return url
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user}:{quote(password, safe='')}@{host}").geturl()


def _key(secret: bytes) -> bytes:
    return hmac.digest(secret, _PURPOSE, "sha256")

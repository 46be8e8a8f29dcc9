"""Room tokens: short JWTs (RFC 7519, HS256) that open one room for one participant.

Claims are those of docs/protocol.md ("Tokens"). Minting and verifying take `now` and do no
I/O; only `load_secret` touches a file.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from mediaserver.api import Role, Source, UserError
from signalling import rights

ISSUER = "tongke"
LEEWAY_S = 10
"""Clocks of two machines may differ by this much."""
MAX_NAME = 80
MAX_TOKEN = 4096
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Claims:
    """A verified token, already narrowed to what its role may do.

    :ivar expires: seconds since 1970 (`exp`).
    :ivar beside: an assistant's: the classroom display whose remote she holds.
    """

    room: str
    participant: str
    role: Role
    name: str
    publish: frozenset[Source]
    subscribe: bool
    expires: float
    beside: str | None = None

    @property
    def valid_until(self) -> float:
        """The moment from which `verify` refuses the token."""
        return self.expires + LEEWAY_S


def is_id(value: object) -> bool:
    """Is it a room or participant id, `[A-Za-z0-9_-]{1,64}`?"""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def mint(
    secret: bytes,
    *,
    room: str,
    role: str,
    now: float,
    hours: float = 12.0,
    participant: str | None = None,
    name: str | None = None,
    publish: Iterable[str] | None = None,
    subscribe: bool | None = None,
    beside: str | None = None,
    ends: float | None = None,
) -> str:
    """Make a token.

    :param participant: id; without one a random id such as `classroom-3f9a1c`.
    :param publish: sources to narrow the role to; default: all that the role may send.
    :param beside: participant id of the classroom display that an assistant holds the remote of.
    :param ends: when the lesson is planned to end, seconds since 1970, for pages that show the time left.
    :raises UserError: a room, id, role, name, source or display that no server would accept.
    """
    if not is_id(room):
        raise UserError(400, "bad_request", f"The room {room!r} must be 1 to 64 letters, digits, '-' or '_'.")
    if role not in rights.ROLES:
        raise UserError(400, "bad_request", f"The role {role!r} must be one of {', '.join(rights.ROLES)}.")
    participant = participant or f"{role}-{secrets.token_hex(3)}"
    if not is_id(participant):
        raise UserError(400, "bad_request", f"The id {participant!r} must be 1 to 64 letters, digits, '-' or '_'.")
    name = participant if name is None else name
    if len(name) > MAX_NAME:
        raise UserError(400, "bad_request", f"The name is longer than {MAX_NAME} characters; shorten it.")
    table = rights.TABLE[role]
    wanted = table.publish if publish is None else frozenset(publish)
    if not wanted <= table.publish:
        extra = ", ".join(sorted(wanted - table.publish))
        raise UserError(400, "bad_request", f"The role {role} may not publish {extra}; leave it out.")
    if beside is not None and (role != "assistant" or not is_id(beside)):
        raise UserError(400, "bad_request", "Only an assistant's token is beside a display, which it names by its id.")
    claims = {
        "iss": ISSUER,
        "room": room,
        "sub": participant,
        "role": role,
        "name": name,
        "publish": sorted(wanted),
        "subscribe": table.subscribe if subscribe is None else subscribe,
        "iat": int(now),
        "exp": int(now + hours * 3600),
    }
    if beside is not None:
        claims["beside"] = beside
    if ends is not None:
        claims["ends"] = int(ends)
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(secret))


def verify(secret: bytes, token: str, *, now: float) -> Claims:
    """Check signature, issuer and time of a token.

    :raises UserError: 401 `token_missing`, `token_invalid` or `token_expired`.
    """
    if not token:
        raise UserError(401, "token_missing", "This needs a room token: open the page with the link you were given.")
    try:
        if len(token) > MAX_TOKEN:
            raise ValueError("too long")
        claims = jwt.decode(token, OctKey.import_key(secret), algorithms=["HS256"]).claims
        if claims["iss"] != ISSUER:
            raise ValueError("issued by somebody else")
        read = _read(claims)
        issued = _number(claims["iat"])
    except (JoseError, ValueError, KeyError, TypeError):
        raise UserError(
            401, "token_invalid", "The room token is not one of this server; ask for a new link to the lesson."
        ) from None
    if now >= read.valid_until:
        raise UserError(401, "token_expired", "The room token has expired; ask for a new link to the lesson.")
    if now < issued - LEEWAY_S:
        raise UserError(401, "token_invalid", "The room token is from the future; check the clocks of both machines.")
    return read


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e12:
        raise ValueError("not a time")
    return float(value)


def _read(claims: dict[str, Any]) -> Claims:
    """Claims of the right types and shapes, or ValueError, KeyError, TypeError."""
    room, participant, role, name = claims["room"], claims["sub"], claims["role"], claims.get("name", "")
    publish, subscribe = claims.get("publish", []), claims.get("subscribe", False)
    beside = claims.get("beside")
    if not (is_id(room) and is_id(participant) and role in rights.ROLES):
        raise ValueError("room, sub or role")
    if not isinstance(name, str) or len(name) > MAX_NAME or not isinstance(publish, list):
        raise ValueError("name or publish")
    if beside is not None and not is_id(beside):
        raise ValueError("beside")
    return Claims(
        room=room,
        participant=participant,
        role=role,
        name=name or participant,
        publish=rights.may_publish(role, frozenset(publish)),
        subscribe=rights.may_subscribe(role, subscribe is True),
        expires=_number(claims["exp"]),
        beside=beside if role == "assistant" else None,
    )


def load_secret(path: Path) -> bytes:
    """Read the signing secret; make it (32 random bytes, mode 0600) at the first run."""
    try:
        secret = path.read_bytes().strip()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        secret = secrets.token_hex(32).encode()
        # Written aside and linked into place, so that two first runs at once agree on one secret.
        aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secret + b"\n")
        try:
            os.link(aside, path)
        except FileExistsError:
            secret = path.read_bytes().strip()
        finally:
            aside.unlink()
    except OSError as error:
        raise UserError(
            400, "bad_config", f"The token secret {path} cannot be read: {error.strerror}; check tokens.secret_file."
        ) from None
    if len(secret) < 32:
        raise UserError(
            400, "bad_config", f"The token secret {path} is shorter than 32 characters; delete it to get a new one."
        )
    return secret

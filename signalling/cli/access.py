"""Where a client command finds its server, its token and the CA to trust."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from mediaserver.api import UserError
from signalling import config as configuration
from signalling import tokens
from signalling.config import Config


@dataclass(frozen=True, slots=True)
class Access:
    """:ivar url: `https://host:port`. :ivar ca_files: authorities to trust besides the system's."""

    url: str
    token: str
    ca_files: tuple[Path, ...]


def resolve(
    room: str,
    role: str,
    *,
    id: str | None = None,
    name: str | None = None,
    url: str | None = None,
    token: str | None = None,
    ca: Path | None = None,
    config_file: Path | None = None,
) -> Access:
    """Fill in from the local server's configuration what was not given.

    :raises UserError: one sentence.
    """
    ca_files = [] if ca is None else [ca]
    if url is not None and token is not None and config_file is None:
        return Access(url, token, tuple(ca_files))
    config = configuration.load(config_file)
    own_ca = config.tls_dir / "ca.crt"
    if own_ca.is_file():
        ca_files.append(own_ca)
    if token is None:
        secret = tokens.load_secret(config.secret_file)
        hours = config.tokens.hours
        token = tokens.mint(secret, room=room, role=role, participant=id, name=name, hours=hours, now=time.time())
    return Access(url or local_url(config), token, tuple(ca_files))


def local_url(config: Config) -> str:
    """The address of the server that this configuration describes."""
    if config.http.port == 0:
        raise UserError(
            400, "bad_config", "The configuration leaves the port open (http.port = 0); name it with --url."
        )
    name = config.http.public_names[0] if config.http.public_names else "localhost"
    scheme = "http" if config.http.tls == "off" else "https"
    return f"{scheme}://{f'[{name}]' if ':' in name else name}:{config.http.port}"

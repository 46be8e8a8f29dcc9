"""The packet plane: sockets, SRTP and forwarding. `interface.py` is what the rest may know of it."""

from __future__ import annotations

import logging
from typing import Literal

from mediaserver.plane.interface import Plane, PlaneSettings
from mediaserver.plane.reference import ReferencePlane

_log = logging.getLogger(__name__)


def load_plane(choice: Literal["auto", "reference", "native"], settings: PlaneSettings) -> Plane:
    """The plane that carries the media. `native` is refused as long as there is none to load."""
    if choice == "native":
        raise RuntimeError('media.plane = "native": this build has no compiled packet plane; use "auto"')
    plane = ReferencePlane(settings)
    _log.info("packet plane: %s", plane.name)
    return plane

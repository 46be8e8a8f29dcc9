"""The packet plane: sockets, SRTP and forwarding. `interface.py` is what the rest may know of it."""

from __future__ import annotations

import logging
from typing import Literal

from mediaserver.plane.interface import PlaneSettings, Relaying
from mediaserver.plane.reference import ReferencePlane

_log = logging.getLogger(__name__)


def load_plane(choice: Literal["auto", "reference", "native"], settings: PlaneSettings) -> Relaying:
    """The plane that carries the media: the compiled one where it is built and passes its self-test.

    :raises RuntimeError: `native` was demanded and cannot be had; the message says why.
    """
    if choice == "reference":
        return ReferencePlane(settings)
    reason = native_problem(settings)
    if reason is None:
        from mediaserver.plane.native import NativePlane

        return NativePlane(settings)
    if choice == "native":
        raise RuntimeError(f'media.plane = "native", but {reason}')
    _log.warning("packet plane: reference (pure Python), because %s", reason)
    return ReferencePlane(settings)


def native_problem(settings: PlaneSettings) -> str | None:
    """Why the compiled plane cannot be used here; None when it can."""
    if settings.srtp is None:
        return "nobody said where libsrtp is"
    try:
        from mediaserver.plane.selftest import SelfTestFailed, check
    except ImportError as error:
        return f"it is not built ({error}); install gcc and run make again"
    try:
        check(settings.srtp)
    except SelfTestFailed as error:
        return f"its self-test failed: {error}"
    return None

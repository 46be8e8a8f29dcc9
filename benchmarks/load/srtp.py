"""libsrtp out of the pylibsrtp wheel: addresses of its functions, contexts, and sessions with given keys.

Everything private of pylibsrtp that the benchmarks touch is here.
"""

from __future__ import annotations

import ctypes
import secrets

import pylibsrtp
from pylibsrtp import Policy, Session, ffi, lib

KEY_BYTES = 16 + 12
"""Master key and salt of AEAD_AES_128_GCM (RFC 7714 §12)."""


class SrtpApi(ctypes.Structure):
    """`struct srtp_api` of srtp.h."""

    _fields_ = tuple((name, ctypes.c_void_p) for name in ("protect", "unprotect", "protect_rtcp", "unprotect_rtcp"))


def api() -> SrtpApi:
    """Addresses of libsrtp's functions in this process."""
    names = ("srtp_protect", "srtp_unprotect", "srtp_protect_rtcp", "srtp_unprotect_rtcp")
    return SrtpApi(*(int(ffi.cast("uintptr_t", ffi.addressof(lib, name))) for name in names))


def context(session: Session | None) -> int | None:
    """Address of a session's context; whoever uses it keeps the session alive."""
    return None if session is None else int(ffi.cast("uintptr_t", session._srtp[0]))


def new_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def session(key: bytes, *, outbound: bool) -> Session:
    """An AES-128-GCM session for every SSRC of one direction."""
    kind = Policy.SSRC_ANY_OUTBOUND if outbound else Policy.SSRC_ANY_INBOUND
    return Session(Policy(key=key, ssrc_type=kind, srtp_profile=Policy.SRTP_PROFILE_AEAD_AES_128_GCM))


VERSION = pylibsrtp.__version__

"""Arithmetic on wrapping sequence numbers and time stamps (RFC 3550 A.1, RFC 1982)."""

from __future__ import annotations


def extend(sequence: int, near: int) -> int:
    """The integer with the low 16 bits of `sequence` that lies nearest to `near`."""
    delta = (sequence - near) & 0xFFFF
    return near + (delta - 0x10000 if delta >= 0x8000 else delta)


def timestamp_delta(later: int, earlier: int) -> int:
    """`later - earlier` of two 32-bit time stamps, as a signed 32-bit number."""
    delta = (later - earlier) & 0xFFFFFFFF
    return delta - 0x100000000 if delta >= 0x80000000 else delta

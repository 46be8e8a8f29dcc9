"""RTP payloads put together to frames, without decoding: what stands in a file afterwards is what the sender encoded.

Each codec has a class with `frame(payloads)`, given all payloads of one RTP time stamp in order. It is pure, never
raises, whatever the payloads are, and answers None for what is no whole frame.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Start(NamedTuple):
    """What a key frame says of the stream. :ivar private: the container's codec private data, may be empty."""

    width: int
    height: int
    private: bytes


class Frame(NamedTuple):
    """:ivar data: as containers hold it. :ivar start: None when it is no key frame."""

    data: bytes
    start: Start | None


class Depacketizer(Protocol):
    def frame(self, payloads: list[bytes]) -> Frame | None: ...

    def picture_id(self, payload: bytes) -> int:
        """A number that grows by one from picture to picture, modulo 128 or 32768; -1 when the payload has none."""
        ...

"""What a recorder reads from: a stream's packets out of the packet plane's history.

A tap is a cursor, not a queue: it holds no packets, slows nobody down, and when its reader is
too slow it finds a hole where the ring has moved on and says how large it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Protocol


class Piece(Protocol):
    """Packets in one piece, as `wire.unpack` reads them. :ivar last: index of the last one.
    :ivar missed: packets before the first one that the ring had no more."""

    @property
    def data(self) -> bytes: ...
    @property
    def packets(self) -> int: ...
    @property
    def last(self) -> int: ...
    @property
    def missed(self) -> int: ...


class Track(Protocol):
    """What is published. :ivar payload_types: → codec. :ivar muted: nobody hears it now.
    :ivar report: of the latest sender report the sender's NTP time, the RTP timestamp, our µs of its arrival."""

    @property
    def stream(self) -> int: ...
    @property
    def participant(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def payload_types(self) -> Mapping[int, str]: ...
    @property
    def muted(self) -> bool: ...
    @property
    def report(self) -> tuple[int, int, int] | None: ...


class Taps(Protocol):
    """What the media server lets a recorder read; see `mediaserver.net.taps`."""

    def lead(self, room: str) -> str: ...
    def tracks(self, room: str) -> Sequence[Track]: ...
    def read(self, stream: int, after: int | None, limit: int, settled_us: int) -> Piece: ...
    def newest(self, stream: int, now_us: int) -> int | None: ...
    def want_keyframe(self, stream: int) -> None: ...
    def watch_leaving(self, listener: Callable[[str, Set[int], bool], None]) -> None: ...


@dataclass(slots=True)
class Tap:
    """Where the reader of one stream stands.

    :ivar number: names the track on the wire. :ivar after: the index read last; None: begin with the oldest.
    :ivar safe: up to here everything is on disk. :ivar opened: the reader's other end knows the track.
    :ivar skip: what has come meanwhile is not for the recorder. :ivar again: the one before knew it up to `after`.
    :ivar floor: what lies before it was skipped, and nothing after it is known to be on disk yet.
    :ivar since_us: when the first packet that is for the recorder came.
    :ivar lost: its publisher may have been lost before it ended.
    :ivar report: the sender report that was told last.
    """

    number: int
    stream: int
    kind: str
    after: int | None = None
    safe: int | None = None
    opened: bool = False
    skip: bool = False
    again: bool = False
    floor: int | None = None
    muted: bool = False
    since_us: int | None = None
    lost: bool = False
    report: tuple[int, int, int] | None = None

    def jump(self, newest: int | None) -> None:
        """Go on after what is there now."""
        self.after = self.safe = self.floor = newest
        self.skip = self.again = False

    def hear(self, safe: int) -> None:
        """So far it is on disk. Before a jump that the other end has not come to, nothing is read again."""
        if self.floor is None or safe >= self.floor:
            self.safe, self.floor = safe, None

    def rewind(self) -> None:
        """Whoever was read to is gone: all that is not on disk is read again, as far as the ring has it."""
        self.again = (self.again or self.opened) and self.safe is not None and self.floor is None
        self.after = self.safe
        self.opened = self.muted = False
        self.report = None

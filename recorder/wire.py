"""What the server and the recorder's process say to each other, over a stream of bytes each way.

A frame is its length (4 bytes: of kind and body), its kind (1 byte) and its body; integers are little-endian. Orders
and news are JSON, as they are rare; packets go as the plane packed them. The recorder holds what it is told to be
wrong for a bug or an attack: it ends, and is started again.

Each side's first frame is its `Hello`, the server's before the recorder's. Frames and this one stay as they are in all
versions; of the rest nothing is said between programs that know different versions of it. From then on each says
something at least once a second.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

VERSION = 3
"""Of everything below but `Hello`."""
MAX_FRAME = 512 * 1024
MAX_PACKETS = 256
"""In a frame; at 1,500 bytes each they are shorter than `MAX_FRAME`."""

ORDER, PACKETS, REPORT, NEWS, HELLO, BEAT = 1, 2, 3, 4, 5, 6
BEAT_S = 1.0
_HEAD = struct.Struct("<IB")
_PACKETS = struct.Struct("<IQ")
_REPORT = struct.Struct("<IQIq")
_BEAT = struct.Struct("<q")
_PACKED = struct.Struct("<qqH")

Text = Annotated[str, Field(max_length=4096)]
Room = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}\z")]
"""It names a folder."""
Number = Annotated[int, Field(ge=0, lt=2**32)]
Micros = Annotated[int, Field(ge=-(2**62), le=2**62)]


class WireError(Exception):
    """Not a frame, or not one that is understood."""


class OtherVersion(WireError):
    """:param who: the other side: `server` or `recorder`."""

    def __init__(self, who: str, theirs: Hello, ours: Hello) -> None:
        super().__init__(
            f"the {who} is Tongke {theirs.program or '?'} and speaks version {theirs.wire}, this is Tongke "
            f"{ours.program} and speaks version {ours.wire}; install the same Tongke on both machines"
        )


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Hello(BaseModel):
    """:ivar wire: the version that is spoken. :ivar program: of Tongke, for people.

    :ivar server: and :ivar run: who calls, and for the how manieth time. :ivar now_us: the server's monotonic time.
    :ivar free: the recorder's: bytes of its disk that are free; -1: its folder cannot be written.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    wire: int
    program: Annotated[str, Field(max_length=100)] = ""
    server: Annotated[str, Field(max_length=100)] = ""
    run: int = 0
    now_us: int = 0
    free: int = -1


class Beat(NamedTuple):
    """:ivar now_us: the server's monotonic time; of a recorder's beat nothing."""

    now_us: int


class Standing(_Model):
    """An order that is in force. :ivar now_us: since when."""

    by: Text
    now_us: Micros


class Begin(_Model):
    """Begin a recording, or go on with it. At the monotonic time `began_us` it was `began_ms` (Unix time).

    :ivar after: why nobody recorded before, where there is a manifest already: `server` or `recorder`.
    :ivar boot: of the server's machine: its monotonic time goes on as long as that stays the same; empty: not known.
    :ivar only: go on with what there is; where there is nothing, begin nothing.
    :ivar paused: and :ivar excluded: all orders in force. Whatever else the manifest says has ended meanwhile.
    """

    t: Literal["begin"] = "begin"
    recording: Number
    room: Room
    began_ms: Micros
    began_us: Micros
    boot: Annotated[str, Field(max_length=100)] = ""
    lead: Text
    after: Literal["server", "recorder"]
    only: bool = False
    paused: Standing | None = None
    excluded: Annotated[dict[Text, Standing], Field(max_length=1000)] = Field(default_factory=dict)


class Lead(_Model):
    """Somebody else teaches."""

    t: Literal["lead"] = "lead"
    recording: Number
    lead: Text


class Open(_Model):
    """:ivar track: its number on this wire. :ivar id: of the manifest.

    :ivar goes_on: the process before this one had it, up to this index at least, and what follows comes without a hole;
        -1: a new session.
    :ivar since_us: since then it had packets that are not among those which follow; None: it had none.
    :ivar why: nobody took them.
    """

    t: Literal["open"] = "open"
    recording: Number
    track: Number
    id: Text
    participant: Text
    source: Text
    kind: Literal["audio", "video"]
    payload_types: Annotated[dict[Annotated[int, Field(ge=0, le=127)], Text], Field(max_length=128)]
    now_us: Micros
    goes_on: Micros = -1
    since_us: Micros | None = None
    why: Literal["recorder", "disk"] = "recorder"


class Shut(_Model):
    """A track is over. Told of all that were there since the recording began, to each process.

    :ivar track: its number, when this process has it open. :ivar lost: nobody said that it ends: its publisher may have
        been lost before.
    """

    t: Literal["shut"] = "shut"
    recording: Number
    track: Number
    id: Text
    now_us: Micros
    lost: bool = False


class Silence(_Model):
    t: Literal["silence"] = "silence"
    track: Number
    why: Literal["silent"] = "silent"


class Pause(_Model):
    t: Literal["pause"] = "pause"
    recording: Number
    now_us: Micros
    by: Text


class Resume(_Model):
    t: Literal["resume"] = "resume"
    recording: Number
    now_us: Micros


class Exclude(_Model):
    t: Literal["exclude"] = "exclude"
    recording: Number
    participant: Text
    now_us: Micros
    by: Text


class Include(_Model):
    t: Literal["include"] = "include"
    recording: Number
    participant: Text
    now_us: Micros


class End(_Model):
    t: Literal["end"] = "end"
    recording: Number
    now_us: Micros


class Bye(_Model):
    """Nothing follows, and nobody comes back soon: files are closed."""

    t: Literal["bye"] = "bye"


Order = Begin | Lead | Open | Shut | Silence | Pause | Resume | Exclude | Include | End | Bye


class News(_Model):
    """Of one recording. :ivar begun: packets may be sent. :ivar ended: it is whole on disk.

    :ivar absent: there was nothing to go on with. :ivar trouble: a code.
    :ivar missing_ms: length of the gaps of the teacher's tracks.
    :ivar safe: track number → index of the last packet on disk. :ivar keyframes: tracks that wait for one.
    """

    recording: Number
    begun: bool = False
    ended: bool = False
    absent: bool = False
    trouble: Text = ""
    bytes: int = 0
    tracks: int = 0
    missing_ms: int = 0
    safe: dict[int, int] = Field(default_factory=dict)
    keyframes: list[int] = Field(default_factory=list)


class Packets(NamedTuple):
    """:ivar missed: packets before these that the ring had no more. :ivar packets: (index, arrival in µs, RTP)."""

    track: int
    missed: int
    packets: list[tuple[int, int, bytes]]


class Report(NamedTuple):
    track: int
    ntp: int
    rtp: int
    now_us: int


Frame = Order | Packets | Report | News | Hello | Beat

_ORDERS: TypeAdapter[Order] = TypeAdapter(Annotated[Order, Field(discriminator="t")])


# ---------------------------------------------------------------- writing


def hello(it: Hello) -> bytes:
    return _frame(HELLO, it.model_dump_json().encode())


def beat(it: Beat) -> bytes:
    return _frame(BEAT, _BEAT.pack(*it))


def order(it: Order) -> bytes:
    return _frame(ORDER, it.model_dump_json().encode())


def news(it: News) -> bytes:
    return _frame(NEWS, it.model_dump_json().encode())


def packets(track: int, missed: int, data: bytes) -> bytes:
    """:param data: as `Plane.tap` packs them."""
    return _frame(PACKETS, _PACKETS.pack(track, missed) + data)


def report(it: Report) -> bytes:
    return _frame(REPORT, _REPORT.pack(*it))


def _frame(kind: int, body: bytes) -> bytes:
    return _HEAD.pack(len(body) + 1, kind) + body


# ---------------------------------------------------------------- reading


def unpack(data: bytes | memoryview) -> list[tuple[int, int, bytes]]:
    """(index, arrival in µs, packet) of `Plane.tap`'s data. :raises WireError: it ends in the middle of one."""
    found: list[tuple[int, int, bytes]] = []
    at, end, head = 0, len(data), _PACKED.size
    try:
        while at < end:
            index, now_us, size = _PACKED.unpack_from(data, at)
            at += head
            packet = bytes(data[at : at + size])
            if len(packet) != size:
                raise WireError("a packet is cut off")
            found.append((index, now_us, packet))
            at += size
    except struct.error:
        raise WireError("the head of a packet is cut off") from None
    return found


class Decoder:
    """Frames out of a stream of bytes; holds less than one frame of them."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """:raises WireError: from here on nothing can be understood any more."""
        self._held += data
        at = 0
        try:
            while len(self._held) - at >= _HEAD.size:
                length, kind = _HEAD.unpack_from(self._held, at)
                if not 1 <= length <= MAX_FRAME:
                    raise WireError(f"a frame of {length} bytes")
                end = at + 4 + length
                if len(self._held) < end:
                    break
                body = bytes(memoryview(self._held)[at + _HEAD.size : end])
                at = end
                yield _read(kind, body)
        finally:
            del self._held[:at]


def _read(kind: int, body: bytes) -> Frame:
    try:
        if kind == PACKETS:
            track, missed = _PACKETS.unpack_from(body)
            return Packets(track, missed, unpack(memoryview(body)[_PACKETS.size :]))
        if kind == REPORT:
            return Report(*_REPORT.unpack(body))
        if kind == ORDER:
            return _ORDERS.validate_python(_json(body))
        if kind == NEWS:
            return News.model_validate(_json(body))
        if kind == BEAT:
            return Beat(*_BEAT.unpack(body))
        if kind == HELLO:
            return Hello.model_validate(_json(body))
    except struct.error:
        raise WireError("a frame is too short") from None
    except ValidationError as error:
        raise WireError(f"{error.error_count()} fields are not as they should be") from None
    raise WireError(f"there is no frame of kind {kind}")


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise WireError("not JSON") from None

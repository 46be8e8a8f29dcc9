"""What signalling says to the media server, and what it hears back.

These messages are the whole boundary between the two packages. They are plain frozen
data, so that a bus may carry them inside one process or between machines unchanged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Role = Literal["lead", "classroom", "assistant", "staff", "supervisor", "admin"]
Source = Literal["camera", "screen", "microphone"]
SessionState = Literal["connecting", "connected", "closed"]
SlotName = str
"""`main`, `camera`, `screen`, `called`, `tile1` … `tile8` for pictures;
`program`, `teacher`, `called` for sound."""
SlotStatus = Literal["empty", "waiting", "playing", "unsupported"]


class UserError(Exception):
    """Something a person can put right. Mapped to a 4xx answer at the edge.

    :param status: HTTP status, 400–499 (503 while draining or full).
    :param code: stable machine-readable name, `snake_case`; the pages translate it.
    :param detail: one English sentence that says what is wrong and what to do.
    """

    def __init__(self, status: int, code: str, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.extra = extra


# ---------------------------------------------------------------- commands


@dataclass(frozen=True, slots=True)
class Publish:
    """Open a publishing session from an SDP offer. Reply: `SessionAnswer`.

    The first video m-line is the camera, the second the screen, the first audio the
    microphone. A second `lead` in a room is refused (409 `room_has_lead`) unless
    `takeover`; the same participant publishing again replaces its old session.
    """

    room: str
    participant: str
    role: Role
    offer: str
    takeover: bool = False
    sources: frozenset[Source] = frozenset(("camera", "screen", "microphone"))


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Open a subscribing session from an SDP offer. Reply: `SessionAnswer`.

    Which slot each m-line gets follows from the role and the number of m-lines
    (docs/protocol.md, "Slots").
    """

    room: str
    participant: str
    role: Role
    offer: str


@dataclass(frozen=True, slots=True)
class SessionAnswer:
    """:ivar session: 22-character random id. :ivar etag: names the ICE generation, without quotes (RFC 9725 §4.3.1)."""

    session: str
    answer: str
    etag: str


@dataclass(frozen=True, slots=True)
class RestartIce:
    """The client has new ICE credentials (RFC 9725 §4.3.3) and wants ours. Reply: `IceRestarted`.

    Theirs are not passed on: an ICE-lite server sends no checks (RFC 8445 §2.5).
    """

    session: str


@dataclass(frozen=True, slots=True)
class IceRestarted:
    ufrag: str
    password: str
    candidates: tuple[str, ...]
    """Values of `a=candidate:` without the prefix."""
    etag: str


@dataclass(frozen=True, slots=True)
class CloseSession:
    """Unknown sessions are ignored. Reply: None."""

    session: str
    reason: str = "closed"


@dataclass(frozen=True, slots=True)
class CloseParticipant:
    """Close every session of one participant in a room. Reply: None."""

    room: str
    participant: str
    reason: str = "closed"


@dataclass(frozen=True, slots=True)
class CloseRoom:
    room: str
    reason: str = "ended"


@dataclass(frozen=True, slots=True)
class Call:
    """Put one classroom into everyone's `called` slot; None empties it. Reply: None."""

    room: str
    participant: str | None


@dataclass(frozen=True, slots=True)
class Mute:
    """Stop or resume forwarding a participant's sound. Reply: None."""

    room: str
    participant: str
    muted: bool


@dataclass(frozen=True, slots=True)
class ShowTiles:
    """Which participants a lead's tiles 1… show, in order (at most 8). Reply: None."""

    room: str
    viewer: str
    participants: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GetStats:
    """Reply: `StatsReported` of one room, or of all when `room` is None."""

    room: str | None = None


@dataclass(frozen=True, slots=True)
class Drain:
    """Refuse new sessions from now on (503 `draining`). Reply: None."""


Command = (
    Publish
    | Subscribe
    | RestartIce
    | CloseSession
    | CloseParticipant
    | CloseRoom
    | Call
    | Mute
    | ShowTiles
    | GetStats
    | Drain
)

# ---------------------------------------------------------------- events


@dataclass(frozen=True, slots=True)
class SessionChanged:
    """:ivar reason: why it closed: `closed`, `replaced`, `taken_over`, `consent_expired`,
    `dtls_failed`, `ice_timeout`, `peer_closed`, `room_ended`, `shutdown`."""

    room: str
    session: str
    participant: str
    direction: Literal["publish", "subscribe"]
    state: SessionState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SlotState:
    """What one m-line of a subscriber shows now.

    `unsupported` means that the subscriber's browser cannot decode `codec`.
    """

    mid: str
    slot: SlotName
    kind: Literal["audio", "video"]
    status: SlotStatus
    participant: str | None = None
    source: Source | None = None
    codec: str | None = None


@dataclass(frozen=True, slots=True)
class SlotsChanged:
    room: str
    session: str
    participant: str
    slots: tuple[SlotState, ...]


@dataclass(frozen=True, slots=True)
class TrackState:
    source: Source
    kind: Literal["audio", "video"]
    codec: str
    active: bool
    """Packets arrived within the last two seconds."""
    muted: bool = False


@dataclass(frozen=True, slots=True)
class TracksChanged:
    """All tracks a participant publishes now (empty when none)."""

    room: str
    participant: str
    tracks: tuple[TrackState, ...]


@dataclass(frozen=True, slots=True)
class CalledChanged:
    room: str
    participant: str | None


@dataclass(frozen=True, slots=True)
class TrackStats:
    source: Source
    codec: str
    packets: int
    bytes: int
    lost: int
    bitrate: int
    """bit/s over the last report interval."""
    jitter_ms: float
    level: int | None = None
    """dBov, 0 (loudest) … 127 (silent), RFC 6464; sound only."""


@dataclass(frozen=True, slots=True)
class SessionStats:
    room: str
    session: str
    participant: str
    direction: Literal["publish", "subscribe"]
    rtt_ms: float | None
    loss: float
    """Fraction 0…1 lost on the way (publish: towards us; subscribe: towards the peer)."""
    bitrate: int
    estimate: int | None = None
    """bit/s last granted to the publisher with REMB."""
    tracks: tuple[TrackStats, ...] = ()


@dataclass(frozen=True, slots=True)
class StatsReported:
    """Sent every two seconds per room with sessions."""

    room: str | None
    sessions: tuple[SessionStats, ...]
    counters: dict[str, int] = field(default_factory=dict)
    """Process-wide named counters (`drop_*`, `rx_*`, `tx_*` …)."""


Event = SessionChanged | SlotsChanged | TracksChanged | CalledChanged | StatsReported


class Bus(Protocol):
    """Carries commands one way and events the other."""

    async def request(self, command: Command) -> Any:
        """Send a command and wait for its reply. Raises `UserError`."""

    def subscribe(self, listener: Callable[[Event], None]) -> None:
        """Call `listener` for every event, in order."""


class LocalBus:
    """Both sides in one process and one event loop."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[Event], None]] = []
        self._handler: Callable[[Command], Any] | None = None

    def serve(self, handler: Callable[[Command], Any]) -> None:
        """`handler` answers each command; it returns the reply or raises `UserError`."""
        self._handler = handler

    async def request(self, command: Command) -> Any:
        if self._handler is None:
            raise UserError(503, "media_unavailable", "The media server is not running yet; try again in a moment.")
        return self._handler(command)

    def subscribe(self, listener: Callable[[Event], None]) -> None:
        self._listeners.append(listener)

    def emit(self, event: Event) -> None:
        for listener in self._listeners:
            listener(event)

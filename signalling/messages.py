"""The messages of `/ws` as tagged unions: docs/protocol.md, "WebSocket /ws". A test compares the two.

`parse` reads what a client sent; `Model.text()` is what goes out. Nothing is coerced: a number in
quotes is refused, so that every client in the field stays within the written protocol.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import from_json

from mediaserver.api import Role, SlotsChanged, SlotStatus, Source, UserError

VERSION: Literal[1] = 1
MAX_BYTES = 64 * 1024
MAX_TILES = 8

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Measure = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=2**53)]
Volume = Annotated[int, Field(ge=0, le=100)]


class Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    def text(self) -> str:
        return self.model_dump_json()


# ---------------------------------------------------------------- client to server


class Hello(Model):
    t: Literal["hello"] = "hello"
    v: Literal[1]
    token: Annotated[str, Field(max_length=4096)]


class Call(Model):
    t: Literal["call"] = "call"
    participant: Id | None


class Mute(Model):
    t: Literal["mute"] = "mute"
    participant: Id | None
    muted: bool


class Tiles(Model):
    t: Literal["tiles"] = "tiles"
    participants: Annotated[list[Id], Field(max_length=MAX_TILES)]


class Hand(Model):
    t: Literal["hand"] = "hand"
    up: bool


class Display(Model):
    """How a classroom's display is set.

    :ivar microphone: the classroom's sound goes out.
    :ivar loudspeaker: the lesson's sound comes out, at `volume` (0–100).
    :ivar local: the teacher beside the pupils has taken over; the lesson goes on quietly.
    """

    microphone: bool = True
    loudspeaker: bool = True
    volume: Volume = 100
    local: bool = False


class DisplayIs(Display):
    """A display is set so now."""

    t: Literal["display"] = "display"
    microphone: bool
    loudspeaker: bool
    volume: Volume
    local: bool


class Remote(Model):
    """What an assistant changes of the display she stands beside."""

    t: Literal["remote"] = "remote"
    hand: bool | None = None
    microphone: bool | None = None
    loudspeaker: bool | None = None
    volume: Volume | None = None
    local: bool | None = None

    def applied(self, display: Display) -> Display:
        return display.model_copy(update=self.model_dump(include=set(Display.model_fields), exclude_none=True))


class Stats(Model):
    """How the lesson looks from one display; every value may be unknown."""

    t: Literal["stats"] = "stats"
    delay_ms: Measure | None = None
    loss: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = None
    bitrate: Measure | None = None
    width: Count | None = None
    height: Count | None = None
    fps: Measure | None = None
    sound: bool | None = None
    picture: bool | None = None
    freezes: Count | None = None


class End(Model):
    t: Literal["end"] = "end"


class Record(Model):
    """An order for the lesson's recording. :ivar participant: a classroom, of `exclude` and `include`."""

    t: Literal["record"] = "record"
    action: Literal["start", "stop", "pause", "resume", "exclude", "include"]
    participant: Id | None = None


class SwitchCaptions(Model):
    """The teacher wants her words shown, or no longer."""

    t: Literal["captions"] = "captions"
    on: bool


class Ping(Model):
    t: Literal["ping"] = "ping"
    id: Annotated[int, Field(ge=-(2**53), le=2**53)]


ClientMessage = Hello | Call | Mute | Tiles | Hand | DisplayIs | Remote | Stats | End | Record | SwitchCaptions | Ping

# ---------------------------------------------------------------- server to client


class Track(Model):
    source: Source
    kind: Literal["audio", "video"]
    codec: str
    active: bool
    muted: bool


class Participant(Model):
    id: str
    name: str
    role: Role
    online: bool
    hand: bool
    muted: bool
    display: Display | None
    tracks: list[Track]


class Lesson(Model):
    state: Literal["waiting", "live", "interrupted", "ended"]
    since: int
    lead: str | None


class Slot(Model):
    mid: str
    slot: str
    kind: Literal["audio", "video"]
    status: SlotStatus
    participant: str | None
    source: Source | None
    codec: str | None


class Up(Model):
    """What the server receives from a participant."""

    loss: float
    rtt_ms: float | None
    bitrate: int
    level: int | None


class Down(Model):
    """What a participant receives from the server, by its receiver reports."""

    loss: float
    rtt_ms: float | None
    bitrate: int


class Numbers(Model):
    up: Up | None = None
    down: Down | None = None
    report: Stats | None = None


class Welcome(Model):
    """:ivar captions: the teacher may switch captions on here."""

    t: Literal["welcome"] = "welcome"
    v: Literal[1] = VERSION
    participant: str
    role: Role
    name: str
    room: str
    now: int
    lesson: Lesson
    called: str | None
    participants: list[Participant]
    captions: bool


class ParticipantChanged(Model):
    t: Literal["participant"] = "participant"
    participant: Participant


class Left(Model):
    t: Literal["left"] = "left"
    id: str


class SetDisplay(Display):
    """What a display's assistant wants it to be."""

    t: Literal["remote"] = "remote"


class Called(Model):
    t: Literal["called"] = "called"
    participant: str | None


class LessonChanged(Model):
    t: Literal["lesson"] = "lesson"
    lesson: Lesson


class Recording(Model):
    """:ivar excluded: classrooms that are left out, as far as the reader may know of them.
    :ivar by: who gave the last order; empty when nobody has."""

    t: Literal["recording"] = "recording"
    state: Literal["recording", "paused", "troubled", "off"]
    excluded: list[str]
    by: str


class Captioning(Model):
    """Whether the teacher's words are shown. `late`: sound had to be left out, hearing is slower than she speaks."""

    t: Literal["captioning"] = "captioning"
    state: Literal["off", "starting", "on", "late", "troubled"]


class Captions(Model):
    """All that is to be shown now. :ivar lines: settled, the older one first. :ivar tentative: behind the last one."""

    t: Literal["captions"] = "captions"
    lines: list[str]
    tentative: str


class Slots(Model):
    t: Literal["slots"] = "slots"
    session: str
    slots: list[Slot]

    @classmethod
    def of(cls, event: SlotsChanged) -> Slots:
        slots = [
            Slot(
                mid=it.mid,
                slot=it.slot,
                kind=it.kind,
                status=it.status,
                participant=it.participant,
                source=it.source,
                codec=it.codec,
            )
            for it in event.slots
        ]
        return cls(session=event.session, slots=slots)


class Session(Model):
    t: Literal["session"] = "session"
    session: str
    direction: Literal["publish", "subscribe"]
    state: Literal["connecting", "connected", "closed"]
    reason: str


class AllStats(Model):
    t: Literal["stats"] = "stats"
    participants: dict[str, Numbers]


class Error(Model):
    t: Literal["error"] = "error"
    code: str
    detail: str
    re: str | None


class Pong(Model):
    t: Literal["pong"] = "pong"
    id: int
    now: int


class Bye(Model):
    t: Literal["bye"] = "bye"
    reason: str
    retry_after_ms: int | None


ServerMessage = (
    Welcome
    | ParticipantChanged
    | Left
    | SetDisplay
    | Called
    | LessonChanged
    | Recording
    | Captioning
    | Captions
    | Slots
    | Session
    | AllStats
    | Error
    | Pong
    | Bye
)

# ---------------------------------------------------------------- reading

_CLIENT: dict[str, TypeAdapter[Any]] = {
    model.model_fields["t"].default: TypeAdapter(model) for model in get_args(ClientMessage)
}


class BadMessage(Exception):
    """Not a message at all: the connection is closed with 4400."""


def parse(text: str) -> ClientMessage:
    """Read one client message.

    :raises BadMessage: not a JSON object with a string `t`.
    :raises UserError: a type or a field that this version does not take; `extra["re"]` is the type.
    """
    try:
        document = from_json(text, allow_inf_nan=False)
    except ValueError:
        raise BadMessage("not JSON") from None
    if not isinstance(document, dict) or not isinstance(document.get("t"), str):
        raise BadMessage("not an object with a type 't'")
    kind = document["t"]
    if kind not in _CLIENT:
        raise UserError(400, "bad_request", "There is no such message type; see the protocol.", re=kind[:32])
    try:
        message: ClientMessage = _CLIENT[kind].validate_python(document)
        return message
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UserError(400, "bad_request", f"The field {where} is refused: {first['msg']}.", re=kind) from None

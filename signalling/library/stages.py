"""The work after the bell as a table: which stages a resource goes through, and what becomes of each. Pure.

    waiting ──take──▶ running ──finish──▶ done
       ▲ ▲               │ ├──fail──▶ failed ──take──▶ running      tried again, later and later
       │ └────leave──────┘ └──give_up──▶ given_up                   until somebody says `retry`
       └──renew── done (something it is made from was made anew)

Stages of a resource are done one after the other. One that `must` be done keeps those after it waiting; one that may
lag does not: a lesson is published without its transcript, and once more when that is there. So it is while others wait
to be published: nobody should wait for the transcripts of all who came before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar, get_args

State = Literal["waiting", "running", "done", "failed", "given_up"]
Cue = Literal["take", "finish", "fail", "give_up", "leave", "retry", "renew"]
STATES: tuple[State, ...] = get_args(State)

TRANSITIONS: dict[tuple[State, Cue], State] = {
    ("waiting", "take"): "running",
    ("failed", "take"): "running",
    ("running", "take"): "running",
    ("running", "finish"): "done",
    ("running", "fail"): "failed",
    ("running", "give_up"): "given_up",
    ("running", "leave"): "waiting",
    ("waiting", "retry"): "waiting",
    ("failed", "retry"): "waiting",
    ("given_up", "retry"): "waiting",
    ("done", "retry"): "waiting",
    ("done", "renew"): "waiting",
}
"""`running` is taken from a worker that is dead; `leave`: the worker stops, or a model is missing."""

TRIES = 6
SLOW_TRIES = 2
"""Of one that takes too long and begins anew each time: a third would take its hours from others in vain, too."""
NEVER = 1 << 40
"""`due` of what waits for something else than time."""
_PAUSES_S = (30, 120, 600, 1800, 3600)
NO_MODEL = "no_model"
"""Of a stage that waits until a model for speech is there."""
BAD_MODEL = "bad_model"
BAD_MODEL_S = 3600
"""A model that cannot be loaded is no fault of a resource's: when it is tried again."""
LOST = "worker_lost"


@dataclass(frozen=True, slots=True)
class Step:
    """:ivar must: nothing after it is begun before it is done. :ivar limit_s: one try may take so long.
    :ivar resumes: a try goes on where the one before it was ended. :ivar long: other resources are published first."""

    name: str
    must: bool
    limit_s: int
    resumes: bool = False
    long: bool = False


_FINALISE = Step("finalise", True, 1800)
_INGEST = Step("ingest", True, 4 * 3600)
_EXTRACT = Step("extract", True, 600)
_PUBLISH = Step("publish", True, 3600)
_INDEX = Step("index", True, 600)
_SHOWN = (
    Step("pictures", False, 3600),
    Step("transcript", False, 6 * 3600, resumes=True, long=True),
    Step("chapters", False, 600),
    _PUBLISH,
    _INDEX,
)

CHAINS: dict[str, tuple[Step, ...]] = {
    "lesson": (_FINALISE, *_SHOWN),
    "video": (_INGEST, *_SHOWN),
    "audio": (_INGEST, *_SHOWN),
    "document": (_EXTRACT, _PUBLISH, _INDEX),
    "link": (_INDEX,),
    "clip": (_INDEX,),
}
"""By the kind of the resource, in order."""
NAMES = tuple(dict.fromkeys(step.name for chain in CHAINS.values() for step in chain))


class Standing(Protocol):
    """What is looked at of a stage: a row of `db.library.Stage`."""

    name: str
    state: str
    tries: int
    worker: str
    lease: int
    due: int


Side = Literal["all", "lessons", "others"]
"""What is done by workers that have the files of recorded lessons, of everything else, or of both."""


def does(side: Side, kind: str, stage: str) -> bool:
    """Whether workers of this side do a stage. The index is beside the server, whoever has the files."""
    return side == "all" or (side == "lessons") == (kind == "lesson" and stage != "index")


S = TypeVar("S", bound=Standing)


def step(kind: str, name: str) -> Step:
    """:raises KeyError: resources of this kind have no such stage."""
    found = next((step for step in CHAINS[kind] if step.name == name), None)
    if found is None:
        raise KeyError(name)
    return found


def next_up(
    kind: str, stages: Sequence[S], now: float, dead: frozenset[str] = frozenset(), *, hurries: bool = False
) -> S | None:
    """The stage to do now; None: somebody does one, or nothing can be done.

    :param stages: of one resource, in order. :param dead: workers that are known to run no more.
    :param hurries: what takes long and may lag is passed over.
    """
    if any(stage.state == "running" and stage.lease > now and stage.worker not in dead for stage in stages):
        return None
    for stage in stages:
        if stage.state == "done" or (hurries and step(kind, stage.name).long):
            continue
        if stage.state == "running" or (stage.state in ("waiting", "failed") and stage.due <= now):
            return stage
        if step(kind, stage.name).must:
            return None
    return None


def again_at(tries: int, now: float) -> int:
    """When a stage that failed so often is tried again."""
    return int(now) + _PAUSES_S[min(max(tries, 1), len(_PAUSES_S)) - 1]


def after(state: str, cue: Cue) -> State:
    """:raises KeyError: it cannot happen to a stage in this state."""
    return TRANSITIONS[state, cue]  # type: ignore[index]

"""The recorder's process: everything of a server that is recorded is written here, from one line.

    python -m recorder.child FOLDER     orders and packets on standard input, news on standard output (`recorder.wire`)

It ends when the line does: parts are closed, manifests written. Signals are the server's business: whoever stops the
server's whole group must not cut off what it has still to say.

On another machine (`tongke recorder`) a line that ends, or on which nothing comes any more, may be one that broke:
for a while it keeps its files open, so that the process which the server starts next can kill it and go on in them as
if nothing had been (`recorder.lock`). Only then are they closed.
"""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from recorder import version, wire
from recorder.follow import Follow
from recorder.kept import Kept, Make, Recorded
from recorder.line import Line
from recorder.lock import myself

TICK_US = 250_000
SILENT_S = 15.0
"""The server speaks every second. One that does not is gone, or its line."""
LINGER_S = 30.0
"""Files wait so long for a line that comes back, where it is one between machines."""
BAD_LINE, BAD_VERSION = 2, 3
"""Exit statuses."""


class Patience(NamedTuple):
    """:ivar linger_s: how long a line that is lost may come back. :ivar silent_s: after which one is lost."""

    linger_s: float = 0.0
    silent_s: float = SILENT_S


HERE, APART = Patience(silent_s=math.inf), Patience(LINGER_S)
"""With the server on this machine, whose end the kernel tells whatever happens, and on another."""


class Recorder:
    """All recordings of one server. :param folder: each is in its own, below it.

    :param local: this machine's monotonic µs. :param patience: with its line.
    """

    def __init__(self, line: Line, make: Make, folder: Path, local: Callable[[], int], patience: Patience) -> None:
        self._line = line
        self._make = make
        self._folder = folder
        self._local = local
        self._clock = Follow(local)
        self._silent_us, self._linger_us = patience.silent_s * 1e6, patience.linger_s * 1e6
        self._hello: wire.Hello | None = None
        self._kept: dict[int, Kept] = {}
        self._by_track: dict[int, Kept] = {}
        self._heard_us = local()
        self._beaten_us = 0
        self._bye = False

    def run(self) -> None:
        """Returns when the server is gone.

        :raises wire.OtherVersion: it speaks another one. :raises wire.WireError: it cannot be understood.
        """
        try:
            self._serve()
            self._linger()
        finally:
            for kept in self._kept.values():
                kept.suspend(self._clock())

    def _serve(self) -> None:
        decoder = wire.Decoder()
        due = self._local() + TICK_US
        while not self._line.lost and not self._bye:
            data = self._line.read(max(0, due - self._local()) / 1e6)
            now_us = self._local()
            if data:
                self._heard_us = now_us
                for frame in decoder.feed(data):
                    self._take(frame)
            elif now_us - self._heard_us > self._silent_us:
                return
            if now_us >= due:
                due = now_us + TICK_US
                self._tick()

    def _linger(self) -> None:
        """What was received goes to the disk meanwhile."""
        self._line.close()
        until_us = self._local() + (0 if self._bye else self._linger_us)
        if until_us > self._local():
            for kept in self._kept.values():
                kept.lose()
        while self._kept and self._local() < until_us:
            time.sleep(TICK_US / 1e6)
            self._tick()

    def _tick(self) -> None:
        now_us = self._clock()
        for number, kept in list(self._kept.items()):
            recorded = kept.recorded
            if not kept.ended and recorded is None:
                kept.start(self._make, self._clock)
            elif not kept.ended:
                kept.attempt("a tick", lambda recorded=recorded: recorded.tick(now_us))  # type: ignore[misc]
                kept.finish()
            if self._tell(kept, now_us) and kept.ended:
                del self._kept[number]
                for track in kept.tracks:
                    self._by_track.pop(track, None)
        if self._hello is not None and self._local() - self._beaten_us >= wire.BEAT_S * 1e6:
            self._beaten_us = self._local()
            self._say(wire.beat(wire.Beat(0)))

    def _tell(self, kept: Kept, now_us: int) -> bool:
        """False: what there is to tell is told later."""
        if (news := kept.news(now_us)) is None:
            return True
        if not self._say(wire.news(news)):
            return False
        kept.told(news, now_us)
        return True

    def _say(self, frame: bytes) -> bool:
        return not self._line.lost and self._line.say(frame)

    # ------------------------------------------------------------ what the server says

    def _greet(self, hello: wire.Hello) -> None:
        """:raises wire.OtherVersion: and it is told ours first."""
        if self._hello is not None:
            raise wire.WireError("it says hello twice")
        ours = wire.Hello(wire=wire.VERSION, program=version.PROGRAM, free=_free(self._folder))
        self._say(wire.hello(ours))
        if hello.wire != wire.VERSION:
            raise wire.OtherVersion("server", hello, ours)
        self._hello = hello
        self._clock.hear(hello.now_us)

    def _take(self, frame: wire.Frame) -> None:
        if isinstance(frame, wire.Hello):
            self._greet(frame)
            return
        if self._hello is None:
            raise wire.WireError("it did not say hello")
        if isinstance(frame, wire.Packets | wire.Report | wire.Silence):
            kept = self._by_track.get(frame.track)
            if kept is not None and kept.recorded is not None:
                recorded, id = kept.recorded, kept.tracks[frame.track]
                kept.attempt("a track", lambda: self._of_track(recorded, id, frame))
        elif isinstance(frame, wire.Beat):
            self._clock.hear(frame.now_us)
        elif isinstance(frame, wire.Begin):
            holder = myself(self._hello.server, self._hello.run)
            kept = self._kept[frame.recording] = Kept(frame, self._folder, holder)
            kept.start(self._make, self._clock)
            self._tell(kept, self._clock())
        elif isinstance(frame, wire.Bye):
            self._bye = True
        elif isinstance(frame, wire.News):
            raise wire.WireError("news are for the server")
        elif (kept := self._kept.get(frame.recording)) is not None and kept.recorded is not None:
            recorded, it = kept.recorded, kept
            kept.attempt("an order", lambda: self._obey(recorded, it, frame))

    def _of_track(self, recorded: Recorded, id: str, frame: wire.Packets | wire.Report | wire.Silence) -> None:
        if isinstance(frame, wire.Packets):
            recorded.packets(id, frame.packets, frame.missed)
        elif isinstance(frame, wire.Report):
            recorded.report(id, frame.ntp, frame.rtp, frame.now_us)
        else:
            recorded.silence(id, frame.why)

    def _obey(self, recorded: Recorded, kept: Kept, it: wire.Order) -> None:
        match it:
            case wire.Open():
                recorded.open(it.id, it.participant, it.source, it.kind, it.now_us, it.goes_on, it.since_us, it.why)
                recorded.payload_types(it.id, it.payload_types)
                kept.tracks[it.track] = it.id
                self._by_track[it.track] = kept
            case wire.Shut():
                self._by_track.pop(it.track, None)
                kept.tracks.pop(it.track, None)
                recorded.close_track(it.id, it.now_us, it.lost)
            case wire.Lead():
                recorded.lead(it.lead)
            case wire.Pause():
                recorded.pause(it.now_us, it.by)
            case wire.Resume():
                recorded.resume(it.now_us)
            case wire.Exclude():
                recorded.exclude(it.participant, it.now_us, it.by)
            case wire.Include():
                recorded.include(it.participant, it.now_us)
            case wire.End():
                kept.ending = it.now_us
                kept.finish()


def monotonic_us() -> int:
    return time.monotonic_ns() // 1000


def serve(folder: Path, make: Make, patience: Patience, local: Callable[[], int] = monotonic_us) -> int:
    """Record what comes over standard input until it ends. Returns the exit status."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    line = Line(os.dup(0), os.dup(1))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)  # whatever else is printed is no news
    try:
        Recorder(line, make, folder, local, patience).run()
    except wire.WireError as error:
        with contextlib.suppress(OSError):  # nobody hears a process whose line is gone
            print(f"recorder: {error}", file=sys.stderr, flush=True)
        return BAD_VERSION if isinstance(error, wire.OtherVersion) else BAD_LINE
    return 0


def _free(folder: Path) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(folder).free if os.access(folder, os.W_OK | os.X_OK) else -1
    except OSError:
        return -1


def recording(begin: wire.Begin, folder: Path, clock: Callable[[], int]) -> Recorded:
    from recorder.recording import Recording  # what it takes to write files is for this process alone

    it = Recording(
        folder,
        begin.room,
        begin.began_ms,
        begin.lead,
        clock,
        began_us=begin.began_us,
        boot=begin.boot,
        after=begin.after,
    )
    it.obey(begin.paused, begin.excluded, begin.began_us if begin.after == "server" else clock())
    return it


if __name__ == "__main__":
    sys.exit(serve(Path(sys.argv[1]), recording, HERE))

"""The recorder's process: everything of a server that is recorded is written here, from one socket.

    python -m recorder.child        the socket is its standard input

It ends when the socket does: parts are closed, manifests written. Signals are the server's business: whoever stops the
server's whole group must not cut off what it has still to say. What goes wrong with one recording is told as its
trouble and tried again; the others go on.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Protocol

from mediaserver.api import UserError
from recorder import manifest, wire

READ_BYTES = 256 * 1024
TICK_US = 250_000
TELL_US = 1_000_000
"""News without change; silence means that this process hangs."""
LOCK = "lock"
"""Held while a process writes a recording: the one of a server that was killed may still be closing it."""


class Recorded(Protocol):
    """What drives files; see `recording.Recording`."""

    manifest: manifest.Manifest

    def open(self, track_id: str, participant: str, source: str, kind: str, now_us: int, goes_on: int) -> None: ...
    def payload_types(self, track_id: str, codecs: dict[int, str]) -> None: ...
    def packets(self, track_id: str, packets: Sequence[tuple[int, int, bytes]], missed: int) -> None: ...
    def report(self, track_id: str, ntp: int, rtp: int, now_us: int) -> None: ...
    def silence(self, track_id: str, why: str) -> None: ...
    def close_track(self, track_id: str, now_us: int) -> None: ...
    def pause(self, now_us: int, by: str) -> None: ...
    def resume(self, now_us: int) -> None: ...
    def exclude(self, participant: str, now_us: int, by: str) -> None: ...
    def include(self, participant: str, now_us: int) -> None: ...
    def tick(self, now_us: int) -> None: ...
    def close(self, now_us: int) -> None: ...
    def suspend(self, now_us: int) -> None: ...
    def safe(self, track_id: str) -> int: ...
    def keyframes(self, now_us: int) -> Collection[str]: ...
    @property
    def troubles(self) -> str: ...


Make = Callable[[wire.Begin], Recorded]


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class _Busy(Exception):
    """Another process still writes this recording."""


class Kept:
    """One recording. :ivar ending: the time of its end was told: it is closed as soon as the disk lets it."""

    def __init__(self, begin: wire.Begin) -> None:
        self.begin = begin
        self.recorded: Recorded | None = None
        self.tracks: dict[int, str] = {}
        self.ending: int | None = None
        self.ended = False
        self._troubles: dict[str, str] = {}
        """What went wrong last, and has not gone well since."""
        self._lock = -1
        self._told: wire.News | None = None
        self._told_us = 0

    def attempt(self, what: str, work: Callable[[], None]) -> bool:
        """Do something that may fail. What fails is this recording's trouble alone."""
        try:
            work()
        except _Busy:
            self._troubles[what] = "in_use"
        except OSError as error:
            self._troubles[what] = "disk_full" if error.errno in _FULL else "not_writable"
        except UserError as error:
            self._troubles[what] = error.code
        except Exception:
            if self._troubles.get(what) != "failed":
                print(f"recorder: {what} of {self.begin.room}", file=sys.stderr)
                traceback.print_exc()
            self._troubles[what] = "failed"
        else:
            self._troubles.pop(what, None)
            return True
        return False

    def start(self, make: Make) -> None:
        folder = Path(self.begin.folder)

        def work() -> None:
            folder.mkdir(parents=True, exist_ok=True)
            self._take_lock(folder)
            self.recorded = make(self.begin)

        if not self.attempt("the beginning", work):
            self._let_go()

    def finish(self) -> None:
        recorded, ending = self.recorded, self.ending
        if recorded is None or ending is None or self.ended:
            return
        if self.attempt("the end", lambda: recorded.close(ending)) and not recorded.troubles:
            self.ended = True
            self._let_go()

    def suspend(self, now_us: int) -> None:
        recorded = self.recorded
        if recorded is not None and not self.ended:
            self.attempt("the interruption", lambda: recorded.suspend(now_us))
        self._let_go()

    def _take_lock(self, folder: Path) -> None:
        self._lock = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _Busy from None

    def _let_go(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def news(self, now_us: int) -> wire.News | None:
        """What there is to tell; None when it was told just now."""
        recorded = self.recorded
        trouble = next(iter(self._troubles.values()), "")
        if recorded is None:
            told = wire.News(recording=self.begin.recording, trouble=trouble)
        else:
            waiting = recorded.keyframes(now_us)
            safe = {number: recorded.safe(id) for number, id in self.tracks.items()}
            told = wire.News(
                recording=self.begin.recording,
                begun=True,
                ended=self.ended,
                trouble=trouble or recorded.troubles,
                keyframes=[number for number, id in self.tracks.items() if id in waiting],
                safe={number: index for number, index in safe.items() if index >= 0},
                **_figures(recorded.manifest),
            )
        if told == self._told and now_us - self._told_us < TELL_US:
            return None
        self._told, self._told_us = told, now_us
        return told


def _figures(it: manifest.Manifest) -> dict[str, int]:
    gaps = [gap for track in it.tracks if track.participant == it.lead for gap in track.gaps]
    return {
        "bytes": sum(part.bytes for track in it.tracks for part in track.parts),
        "tracks": len(it.tracks),
        "missing_ms": sum(gap.end_us - gap.start_us for gap in gaps) // 1000,
    }


class Recorder:
    """All recordings of one server. :param clock: monotonic µs, the same as the server's."""

    def __init__(self, sock: socket.socket, make: Make, clock: Callable[[], int]) -> None:
        self._sock = sock
        self._make = make
        self._clock = clock
        self._kept: dict[int, Kept] = {}
        self._by_track: dict[int, Kept] = {}
        self._alone = False
        """The server hears nothing any more."""

    def run(self) -> None:
        """Returns when the server is gone. :raises wire.WireError: it cannot be understood."""
        decoder = wire.Decoder()
        due = self._clock() + TICK_US
        try:
            while True:
                wait_s = max(0, due - self._clock()) / 1e6
                if select.select((self._sock,), (), (), wait_s)[0]:
                    data = self._sock.recv(READ_BYTES)
                    if not data:
                        return
                    for frame in decoder.feed(data):
                        self._take(frame)
                if self._clock() >= due:
                    due = self._clock() + TICK_US
                    self._tick()
        except ConnectionResetError:
            return
        finally:
            for kept in self._kept.values():
                kept.suspend(self._clock())

    def _tick(self) -> None:
        now_us = self._clock()
        for number, kept in list(self._kept.items()):
            recorded = kept.recorded
            if recorded is None:
                kept.start(self._make)
            elif not kept.ended:
                kept.attempt("a tick", lambda recorded=recorded: recorded.tick(now_us))  # type: ignore[misc]
                kept.finish()
            self._tell(kept, now_us)
            if kept.ended:
                del self._kept[number]
                for track in kept.tracks:
                    self._by_track.pop(track, None)

    def _tell(self, kept: Kept, now_us: int) -> None:
        if (told := kept.news(now_us)) is not None and not self._alone:
            try:
                self._sock.sendall(wire.news(told))
            except (BrokenPipeError, ConnectionResetError):
                self._alone = True  # what it sent before can still be read

    def _take(self, frame: wire.Order | wire.Packets | wire.Report | wire.News) -> None:
        if isinstance(frame, wire.Packets | wire.Report | wire.Shut | wire.Silence):
            kept = self._by_track.get(frame.track)
            if kept is not None and kept.recorded is not None:
                recorded, id = kept.recorded, kept.tracks[frame.track]
                kept.attempt("a track", lambda: self._of_track(recorded, kept, id, frame))
            return
        if isinstance(frame, wire.Begin):
            kept = self._kept[frame.recording] = Kept(frame)
            kept.start(self._make)
            self._tell(kept, self._clock())
            return
        if isinstance(frame, wire.News):
            raise wire.WireError("news are for the server")
        kept = self._kept.get(frame.recording)
        if kept is not None and kept.recorded is not None:
            recorded = kept.recorded
            kept.attempt("an order", lambda: self._obey(recorded, kept, frame))

    def _of_track(
        self, recorded: Recorded, kept: Kept, id: str, frame: wire.Packets | wire.Report | wire.Shut | wire.Silence
    ) -> None:
        if isinstance(frame, wire.Packets):
            recorded.packets(id, frame.packets, frame.missed)
        elif isinstance(frame, wire.Report):
            recorded.report(id, frame.ntp, frame.rtp, frame.now_us)
        elif isinstance(frame, wire.Silence):
            recorded.silence(id, frame.why)
        else:
            del self._by_track[frame.track], kept.tracks[frame.track]
            recorded.close_track(id, frame.now_us)

    def _obey(self, recorded: Recorded, kept: Kept, it: wire.Order) -> None:
        match it:
            case wire.Open():
                recorded.open(it.id, it.participant, it.source, it.kind, it.now_us, it.goes_on)
                recorded.payload_types(it.id, it.payload_types)
                kept.tracks[it.track] = it.id
                self._by_track[it.track] = kept
            case wire.Lead():
                recorded.manifest.lead = it.lead
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


def serve(make: Make) -> int:
    """Record what comes over standard input until it ends. Returns the exit status."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    with contextlib.closing(socket.socket(fileno=os.dup(0))) as sock:
        try:
            Recorder(sock, make, monotonic_us).run()
        except wire.WireError as error:
            print(f"recorder: {error}", file=sys.stderr)
            return 2
    return 0


def _recording(begin: wire.Begin) -> Recorded:
    from recorder.recording import Recording  # what it takes to write files is for this process alone

    return Recording(
        Path(begin.folder),
        begin.room,
        begin.began_ms,
        begin.lead,
        monotonic_us,
        began_us=begin.began_us,
        after=begin.after,
    )


if __name__ == "__main__":
    sys.exit(serve(_recording))

"""One recording in the recorder's process: begun, closed, suspended, and what is to be told of it.

What goes wrong with it is its own trouble, and tried again; the others go on.
"""

from __future__ import annotations

import contextlib
import errno
import sys
import traceback
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Protocol

from mediaserver.api import UserError
from recorder import manifest, wire
from recorder.lock import Busy, Holder, Lock
from recorder.teacher import teacher

TELL_US = 1_000_000
"""News without change."""


class Recorded(Protocol):
    """What drives files; see `recording.Recording`."""

    manifest: manifest.Manifest

    def open(
        self,
        track_id: str,
        participant: str,
        source: str,
        kind: str,
        now_us: int,
        goes_on: int,
        since_us: int | None,
        why: str,
    ) -> None: ...
    def payload_types(self, track_id: str, codecs: dict[int, str]) -> None: ...
    def packets(self, track_id: str, packets: Sequence[tuple[int, int, bytes]], missed: int) -> None: ...
    def report(self, track_id: str, ntp: int, rtp: int, now_us: int) -> None: ...
    def silence(self, track_id: str, why: str) -> None: ...
    def close_track(self, track_id: str, now_us: int, lost: bool) -> None: ...
    def lead(self, participant: str) -> None: ...
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


Make = Callable[[wire.Begin, Path, Callable[[], int]], Recorded]
"""Makes one in its own folder, with the server's clock."""


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Kept:
    """:param folder: of all recordings. :param holder: this process.

    :ivar ending: the time of its end was told: it is closed as soon as the disk lets it.
    :ivar ended: all of it is on disk, or there is nothing of it.
    """

    def __init__(self, begin: wire.Begin, folder: Path, holder: Holder) -> None:
        self.begin = begin
        self._folder = folder / begin.room
        self._holder = holder
        self.recorded: Recorded | None = None
        self.tracks: dict[int, str] = {}
        self.ending: int | None = None
        self.ended = False
        self._absent = False
        self._troubles: dict[str, str] = {}
        """What went wrong last, and has not gone well since."""
        self._lock: Lock | None = None
        self._told: wire.News | None = None
        self._told_us = 0

    def attempt(self, what: str, work: Callable[[], None]) -> bool:
        """Do something that may fail. What fails is this recording's trouble alone."""
        try:
            work()
        except Busy:
            self._troubles[what] = "in_use"
        except OSError as error:
            self._troubles[what] = "disk_full" if error.errno in _FULL else "not_writable"
        except UserError as error:
            self._troubles[what] = error.code
        except Exception:
            if self._troubles.get(what) != "failed":
                with contextlib.suppress(OSError):  # nobody hears a process whose line is gone
                    print(f"recorder: {what} of {self.begin.room}", file=sys.stderr)
                    traceback.print_exc()
            self._troubles[what] = "failed"
        else:
            self._troubles.pop(what, None)
            return True
        return False

    def start(self, make: Make, clock: Callable[[], int]) -> None:
        def work() -> None:
            if self.begin.only and not (self._folder / manifest.NAME).exists():
                self._absent = self.ended = True
                return
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock = Lock(self._folder, self._holder)
            self.recorded = make(self.begin, self._folder, clock)

        if not self.attempt("the beginning", work):
            self._let_go()
            if not self.begin.only and self._troubles["the beginning"] != "in_use":
                self.begin = self.begin.model_copy(update={"after": "recorder"})  # the lesson goes on without it

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

    def lose(self) -> None:
        """The server is gone, but may call again: another process may go on with this at any moment."""
        if (lock := self._lock) is not None:
            self.attempt("the lock", lock.lose)

    def _let_go(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def news(self, now_us: int) -> wire.News | None:
        """What there is to tell; None when it was told just now. See `told`."""
        recorded = self.recorded
        trouble = next(iter(self._troubles.values()), "")
        if recorded is None:
            told = wire.News(recording=self.begin.recording, ended=self.ended, absent=self._absent, trouble=trouble)
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
        return told

    def told(self, news: wire.News, now_us: int) -> None:
        """They are on their way."""
        self._told, self._told_us = news, now_us


def _figures(it: manifest.Manifest) -> dict[str, int]:
    lead = teacher(it)
    gaps = [gap for track in it.tracks if track.participant == lead for gap in track.gaps]
    return {
        "bytes": sum(part.bytes for track in it.tracks for part in track.parts),
        "tracks": len(it.tracks),
        "missing_ms": sum(gap.end_us - gap.start_us for gap in gaps) // 1000,
    }

"""A recording that goes on: packets of all tracks in, part files and their manifest out.

Lives in a process of its own. Nothing that a packet holds and nothing that the disk does raises out of it: packets are
counted in `counters`, the disk's state is `troubles`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Literal

from mediaserver.api import UserError
from recorder import absence, gaps, manifest
from recorder.alignment import SenderClocks
from recorder.manifest import Manifest, Spell, Track, Why
from recorder.recover import Measured, recover
from recorder.timeline import end_us
from recorder.track import TrackWriter
from recorder.trouble import Disk
from recorder.wire import Standing

MAX_TRACKS = 256
MAX_SPELLS = 1000
MAX_LEADS = 32
SAVE_US = 5_000_000
SYNC_US = 10_000_000
ALIGN_US = 10_000_000
KEY_US = 1_000_000
LOOK_US = 1_000_000
LONGEST_US = 24 * 3600 * 1_000_000
"""Of a lesson: who goes on later than that went by another clock."""
BACK_US = 5_000_000
"""How far a recording that goes on may reach back into what is written: its packets come again."""


class Recording:
    """:ivar manifest: as it stands, for reading.

    :ivar counters: packets and frames that were not written, by name.
    """

    def __init__(
        self,
        folder: Path,
        room: str,
        began_ms: int,
        lead: str,
        clock: Callable[[], int],
        *,
        began_us: int,
        boot: str = "",
        after: Why = "server",
    ) -> None:
        """Goes on with the recording that is in the folder, or begins one.

        :param lead: who teaches now; empty: nobody does.
        :param began_ms: Unix time at `began_us` of `clock`, which is monotonic, in µs, as all `now_us` are.
        :param boot: of the machine whose clock that is; see `Manifest.boot`.
        :param after: why a part of a recording that goes on is missing.
        :raises OSError: the folder cannot be made.
        """
        self._folder, self._clock = folder, clock
        self.counters: Counter[str] = Counter()
        self._disk = Disk(folder)
        self._disk.prepare()
        self._writers: dict[str, TrackWriter] = {}
        self._asked: dict[str, int] = {}
        self._clocks: dict[str, SenderClocks] = {}
        self._fresh = False
        self._took = False
        try:
            self.manifest = manifest.load(folder)
        except UserError as error:
            self.manifest = Manifest(room=room, began=began_ms)
            self._fresh = True
            if error.code != "no_recording":
                self._set_aside()
        self._zero = began_us
        self._changed = True
        self._urgent = False
        self._after: dict[str, tuple[int, Why]] = {}
        """Tracks that are not over and of which nothing comes: since when, and why."""
        self._came: dict[str, int] = {}
        """Participants → when something of theirs came first since somebody was away."""
        self._cut: dict[str, Measured] = {}
        self._why: Why = after
        if not self._fresh:
            self._go_on(boot, began_us - (began_ms - self.manifest.began) * 1000)
        self.manifest.boot, self.manifest.zero_us = boot, self._zero
        self.lead(lead)
        self._saved_us = self._synced_us = self._looked_us = self._aligned_us = clock()
        self._save(clock())

    def _set_aside(self) -> None:
        """A manifest that cannot be read keeps nobody from recording; its parts stay, no new one takes their names."""
        path = self._folder / manifest.NAME
        path.rename(path.with_name(f"{manifest.NAME}.damaged-{self.manifest.began}"))
        self.manifest.notes.append("manifest_damaged")

    def _go_on(self, boot: str, zero_us: int) -> None:
        """:param zero_us: of the clock, where the time line began as far as the time of day tells."""
        self._cut = recover(self._folder, self.manifest)
        self.manifest.ended = False
        ends = {track.id: end_us(track.parts[-1]) for track in self.manifest.tracks if track.parts}
        written_us = max(ends.values(), default=0)
        now_us = self._clock()
        self._zero = self.manifest.zero_us if boot and boot == self.manifest.boot else zero_us
        if not written_us - BACK_US <= now_us - self._zero <= LONGEST_US:
            # The machine was started again and its clock set meanwhile: what is written is never written over.
            self._zero = now_us - written_us
        for track in self.manifest.tracks:
            if track.parts and not track.over:
                self._after[track.id] = ends[track.id], self._why

    # ------------------------------------------------------------ tracks

    def open(
        self,
        track_id: str,
        participant: str,
        source: str,
        kind: Literal["audio", "video"],
        now_us: int,
        goes_on: int = -1,
        since_us: int | None = None,
        why: Why = "recorder",
    ) -> None:
        """Also of a track that was open before: the publisher came again.

        :param goes_on: of a session that a killed process recorded, the index that `safe` gave last: the packets from
            the next one on follow without a hole.
        :param since_us: of `clock`: since then there were packets that nobody took. :param why: they were not taken.
        """
        writer = self._writers.get(track_id)
        if writer is None:
            writer = self._new_writer(track_id, participant, source, kind)
            if writer is None:
                self.counters["tracks"] += 1
                return
        else:
            writer.close(self._at(now_us))
            writer.begin()
        at_us = self._at(now_us)
        after, cut = self._after.pop(track_id, None), self._cut.pop(track_id, None)
        if after is None and since_us is not None:
            after = self._at(since_us), why
        if after is not None and not (goes_on >= 0 and cut is not None and writer.go_on(cut, goes_on)):
            since, reason = absence.but_for_orders(self.manifest, writer.track, *after, at_us)
            writer.absent(min(since, at_us), reason)  # nothing lies ahead
        if writer.track.over:
            writer.track.over = False
            self._note_change()
        self._came.setdefault(participant, at_us)
        self._bar(writer, now_us)
        if self._urgent:
            self._save(now_us)

    def _new_writer(
        self, track_id: str, participant: str, source: str, kind: Literal["audio", "video"]
    ) -> TrackWriter | None:
        track = self.manifest.track(track_id)
        if track is None:
            if len(self.manifest.tracks) >= MAX_TRACKS:
                return None
            track = Track(id=track_id, participant=participant, source=source, kind=kind)
            self.manifest.tracks.append(track)
            self._note_change()
        clocks = self._clocks.setdefault(participant, SenderClocks())
        writer = TrackWriter(track, self._folder, self._zero, self.counters, self._failed, self._note_change, clocks)
        self._writers[track_id] = writer
        return writer

    def payload_types(self, track_id: str, codecs: dict[int, str]) -> None:
        """:param codecs: names as the media server has them, `VP8`, `opus`, `red` …"""
        if writer := self._writers.get(track_id):
            writer.payload_types(codecs)

    def packets(self, track_id: str, packets: Iterable[tuple[int, int, bytes]], missed: int = 0) -> None:
        """:param packets: (extended sequence number, arrival in µs, RTP packet) in order.

        :param missed: how many before the first of them the recorder was too late for.
        """
        writer = self._writers.get(track_id)
        if writer is None:
            self.counters["unknown_track"] += 1
            return
        self._took = True
        if missed:
            self.counters["missed"] += missed
            writer.missed()
        writer.packets(packets)
        if self._urgent:
            self._save(self._clock())

    def report(self, track_id: str, ntp: int, rtp: int, now_us: int) -> None:
        """A sender report. :param ntp: the sender's clock, 64 bits. :param rtp: media time at that moment."""
        if writer := self._writers.get(track_id):
            writer.report(ntp, rtp, self._at(now_us))

    def silence(self, track_id: str, why: Why) -> None:
        """From the track's last frame until its next one there is nothing to write, for this reason."""
        if writer := self._writers.get(track_id):
            writer.silent(why)

    def close_track(self, track_id: str, now_us: int, lost: bool = False) -> None:
        """It is over, also when that came while nobody recorded.

        :param lost: nobody said so. When nothing came of it any more before that, it is missing; the teacher's picture
            and voice until they come again.
        """
        track = self.manifest.track(track_id)
        if track is None or track.over:
            return
        at_us, after = self._at(now_us), self._after.pop(track_id, None)
        if after is None and (writer := self._writers.get(track_id)):
            since_us = writer.lost_since(at_us) if lost else None
            after = None if since_us is None else (since_us, "network")
            writer.close(at_us)
            self._asked.pop(track_id, None)
        if after is not None:
            absence.miss(self.manifest, track, *after, at_us)
        comes_again = track.participant == self.manifest.lead and track.source != "screen"
        if lost and after is not None and comes_again:
            self._after[track_id] = at_us, "network"
            self._came.pop(track.participant, None)
        else:
            track.over = True
        self._note_change()

    def safe(self, track_id: str) -> int:
        """Index of the last packet that outlives the death of this process; -1: none."""
        writer = self._writers.get(track_id)
        return writer.safe if writer else -1

    def keyframes(self, now_us: int) -> list[str]:
        """Tracks that wait for a key frame, each at most once a second."""
        found = []
        for track_id, writer in self._writers.items():
            if writer.wants_key and now_us - self._asked.get(track_id, -KEY_US) >= KEY_US:
                self._asked[track_id] = now_us
                found.append(track_id)
        return found

    # ------------------------------------------------------------ commands

    def obey(self, pause: Standing | None, excluded: Mapping[str, Standing], now_us: int) -> None:
        """All orders that are in force as it begins or goes on. Others of the manifest ended meanwhile, by now."""
        if pause is None:
            self.resume(now_us)
        else:
            self.pause(pause.now_us, pause.by)
        for participant in self.manifest.excluded.keys() - excluded.keys():
            self.include(participant, now_us)
        for participant, order in excluded.items():
            self.exclude(participant, order.now_us, order.by)

    def lead(self, participant: str) -> None:
        """Somebody teaches from now on."""
        it = self.manifest
        if not participant or (participant == it.lead and participant in it.leads):
            return
        it.lead = participant
        if participant not in it.leads and len(it.leads) < MAX_LEADS:
            it.leads.append(participant)
        self._note_change()

    def pause(self, now_us: int, by: str) -> None:
        self._begin_spell(self.manifest.pauses, now_us, by)
        self._bar_all(now_us)

    def resume(self, now_us: int) -> None:
        self._end_spell(self.manifest.pauses, now_us)
        self._bar_all(now_us)

    def exclude(self, participant: str, now_us: int, by: str) -> None:
        self._begin_spell(self.manifest.excluded.setdefault(participant, []), now_us, by)
        self._bar_all(now_us)

    def include(self, participant: str, now_us: int) -> None:
        self._end_spell(self.manifest.excluded.get(participant, []), now_us)
        self._bar_all(now_us)

    def _begin_spell(self, spells: list[Spell], now_us: int, by: str) -> None:
        if _open(spells):
            return
        if len(spells) >= MAX_SPELLS:
            spells[-1].end_us = None  # goes on; what lay between was too short to keep apart
        else:
            spells.append(Spell(start_us=self._at(now_us), by=by))
        self._note_change()

    def _end_spell(self, spells: list[Spell], now_us: int) -> None:
        if _open(spells):
            spells[-1].end_us = max(self._at(now_us), spells[-1].start_us)
            self._note_change()

    def _bar_all(self, now_us: int) -> None:
        for writer in self._writers.values():
            self._bar(writer, now_us)

    def _bar(self, writer: TrackWriter, now_us: int) -> None:
        writer.bar(self._barred(writer) or ("disk" if self._disk.trouble else None), self._at(now_us))

    def _barred(self, writer: TrackWriter) -> Why | None:
        """By somebody's order."""
        if _open(self.manifest.excluded.get(writer.track.participant, [])):
            return "excluded"
        return "paused" if _open(self.manifest.pauses) else None

    # ------------------------------------------------------------ time

    def tick(self, now_us: int) -> None:
        """Some times a second: what waits reaches the disk, and a disk that refused is tried again."""
        if self._disk.due(now_us):
            self._disk.probe(now_us)
        if not self.manifest.ended:
            self._tend(now_us)
        if not self._disk.trouble and (self._changed or now_us - self._saved_us >= SAVE_US):
            self._save(now_us)

    def _tend(self, now_us: int) -> None:
        at_us = self._at(now_us)
        for writer in self._writers.values():
            writer.parts.flush(at_us)
        if now_us - self._looked_us >= LOOK_US:
            self._looked_us = now_us
            if not self._disk.trouble and any(writer.parts.gone() for writer in self._writers.values()):
                self._lose_gone()
        if now_us - self._aligned_us >= ALIGN_US:
            self._aligned_us = now_us
            self._align()
        if now_us - self._synced_us >= SYNC_US:
            self._synced_us = now_us
            for writer in self._writers.values():
                writer.parts.sync()
        self._bar_all(now_us)

    def _lose_gone(self) -> None:
        """Somebody removed the folder, or its disk went away: what was in it is a gap now."""
        for writer in self._writers.values():
            for part in writer.parts.forget_gone():
                gaps.put(writer.track.gaps, part.start_us, part.start_us + part.duration_us, "disk")
        self._failed(FileNotFoundError("the folder is gone"))

    def close(self, now_us: int) -> None:
        """The lesson is over. When `troubles` says afterwards that the disk refused, call it again after a while."""
        if self.manifest.ended:
            self._save(now_us)
            return
        at_us = self._at(now_us)
        self._end_all(at_us)
        for spells in (self.manifest.pauses, *self.manifest.excluded.values()):
            self._end_spell(spells, now_us)
        ends = [end_us(track.parts[-1]) for track in self.manifest.tracks if track.parts]
        self.manifest.length_us = max([0, *ends, *([at_us] if self._fresh or self._went_on else [])])
        self.manifest.ended = True
        self._save(now_us)

    def suspend(self, now_us: int) -> None:
        """This process ends, the lesson may go on."""
        self._end_all(self._at(now_us))
        self._save(now_us)

    def _end_all(self, at_us: int) -> None:
        for writer in self._writers.values():
            writer.close(at_us)
        for track_id, (since_us, why) in self._after.items():
            track = self.manifest.track(track_id)
            awaited = track is not None and (why != "network" or track.participant == self.manifest.lead)
            if track is not None and awaited and self._went_on:
                # Who came again without it had ended it.
                absence.miss(self.manifest, track, since_us, why, self._came.get(track.participant, at_us))
        self._after.clear()
        self._align()

    @property
    def _went_on(self) -> bool:
        """Whether there was a lesson after what the manifest told at first. A server that comes back does not know,
        unless something is published; one whose recorder was away does."""
        return self._took or self._why == "recorder"

    def _align(self) -> None:
        for writer in self._writers.values():
            writer.align()

    @property
    def troubles(self) -> str:
        return self._disk.trouble

    @property
    def bytes(self) -> int:
        """Written by this process."""
        return sum(writer.parts.bytes for writer in self._writers.values())

    def _at(self, now_us: int) -> int:
        return max(0, now_us - self._zero)

    def _note_change(self, urgent: bool = False) -> None:
        """:param urgent: a crash now would leave a file of which the manifest does not know."""
        self._changed = True
        self._urgent = self._urgent or urgent

    def _failed(self, error: OSError) -> None:
        self._disk.failed(error, self._clock())
        self.counters["disk_errors"] += 1

    def _save(self, now_us: int) -> None:
        self._saved_us, self._urgent = now_us, False
        try:
            manifest.save(self._folder, self.manifest)
            self._changed = False
        except OSError as error:
            self._failed(error)


def _open(spells: list[Spell]) -> bool:
    return bool(spells) and spells[-1].end_us is None

"""What a recorder may read of a room: the teacher, and the classroom that everybody is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass

from mediaserver.net.live import Live
from mediaserver.net.session import Session
from mediaserver.plane.interface import Plane, Tapped

_WHOLE_HISTORY = 1 << 20
"""More packets than any history has."""
_LOST = ("consent_expired", "dtls_failed", "ice_timeout", "replaced")
"""Reasons of `api.SessionChanged`: whose line broke comes again after a while, or never does."""


@dataclass(frozen=True, slots=True)
class TapTrack:
    """:ivar stream: its id for `Taps.read`; another session of the same participant has other ones.
    :ivar kind: `audio` or `video`. :ivar payload_types: → codec, in small letters.
    :ivar muted: nobody in the room hears it now.
    :ivar report: of the latest sender report (RFC 3550 §6.4.1) the sender's NTP time, the RTP timestamp and our
        monotonic time of arrival, µs."""

    stream: int
    participant: str
    source: str
    kind: str
    payload_types: Mapping[int, str]
    muted: bool
    report: tuple[int, int, int] | None


class Taps:
    """Reads only, and holds nothing. All calls from the event loop of the media server."""

    def __init__(self, live: Live, plane: Plane) -> None:
        self._live = live
        self._plane = plane

    def lead(self, room: str) -> str:
        """The participant who teaches; empty before she has come."""
        found = self._live.rooms.get(room)
        return (found.lead or "") if found is not None else ""

    def tracks(self, room: str) -> list[TapTrack]:
        """What the lead publishes, and the classroom that is called."""
        found = self._live.rooms.get(room)
        if found is None:
            return []
        shown = [track for track in found.tracks.values() if track.participant in (found.lead, found.called)]
        return [
            TapTrack(
                stream=track.stream,
                participant=track.participant,
                source=track.source,
                kind=track.kind,
                payload_types={codec.pt: codec.name.lower() for codec in track.codecs},
                muted=track.muted and track.kind == "audio",
                report=self._live.report_of(track.stream),
            )
            for track in shown
        ]

    def read(self, stream: int, after: int | None, limit: int, settled_us: int) -> Tapped:
        """As `Plane.tap`; of a stream that is gone, nothing."""
        return self._plane.tap(stream, after, limit, settled_us)

    def newest(self, stream: int, now_us: int) -> int | None:
        """The index to read on from when nothing of what is in the history is wanted; None: it is empty."""
        tapped = self._plane.tap(stream, None, _WHOLE_HISTORY, now_us)
        return tapped.last if tapped.packets else None

    def want_keyframe(self, stream: int) -> None:
        """Its pictures can be read from the next keyframe on only."""
        self._live.want_keyframe(stream)

    def watch_leaving(self, listener: Callable[[str, Set[int], bool], None]) -> None:
        """`listener` is told of a room and of streams before these are taken out of the plane, and whether their
        publisher may have been lost before that: nobody said that she goes."""

        def leaving(session: Session, reason: str) -> None:
            streams = {published.spec.id for published in session.published}
            listener(session.room.name, streams, reason in _LOST)

        self._live.before_leaving = leaving

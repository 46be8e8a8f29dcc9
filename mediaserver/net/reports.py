"""What the media server tells about itself: slots, tracks and statistics as the API's messages."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mediaserver import api
from mediaserver.net.session import Published, Session
from mediaserver.plane.interface import Plane
from mediaserver.rtp import rtcp
from mediaserver.sfu.room import Room, Subscriber


class Reports:
    """Reads rooms, sessions and the plane; changes only the marks from which rates are taken.

    :param ntp_at: our 64-bit NTP time at a moment of the plane's clock, µs.
    """

    def __init__(self, plane: Plane, ntp_at: Callable[[int], int]) -> None:
        self._plane = plane
        self._ntp_at = ntp_at
        self._measured: dict[str, float] = {}

    def slots(self, session: Session, subscriber: Subscriber) -> api.SlotsChanged:
        return api.SlotsChanged(
            session.room.name,
            session.id,
            session.participant,
            tuple(
                api.SlotState(slot.mid, slot.name, slot.kind, *slot.shown)  # type: ignore[arg-type]
                for slot in subscriber.slots
            ),
        )

    def tracks(self, room: Room, participant: str) -> api.TracksChanged:
        return api.TracksChanged(
            room.name,
            participant,
            tuple(
                api.TrackState(track.source, track.kind, track.codec, track.active, track.muted)  # type: ignore[arg-type]
                for track in room.tracks_of(participant)
            ),
        )

    def stats(
        self, room: str | None, sessions: Iterable[Session], counters: dict[str, int], now: float
    ) -> api.StatsReported:
        """Rates are per second since the previous call for the same session."""
        return api.StatsReported(room, tuple(self._session(session, now) for session in sessions), counters)

    def forget(self, session: str) -> None:
        self._measured.pop(session, None)

    def _session(self, session: Session, now: float) -> api.SessionStats:
        since = self._measured.get(session.id)
        elapsed = now - since if since is not None else 0.0
        fresh = since is None or elapsed >= 0.5
        if fresh:
            self._measured[session.id] = now
        if session.direction == "publish":
            tracks = tuple(self._track(published, elapsed if fresh else 0.0) for published in session.published)
            expected = sum(track.packets + track.lost for track in tracks)
            lost = sum(track.lost for track in tracks)
            loss = max(0.0, lost / expected) if expected else 0.0
            bitrate = sum(track.bitrate for track in tracks)
            rtt = None
        else:
            tracks = ()
            loss, rtt = self._reported(session)
            bitrate = self._sent_rate(session, elapsed if fresh else 0.0)
        return api.SessionStats(
            room=session.room.name,
            session=session.id,
            participant=session.participant,
            direction=session.direction,
            rtt_ms=rtt * 1000 if rtt is not None else None,
            loss=loss,
            bitrate=bitrate,
            estimate=session.granted,
            tracks=tracks,
        )

    def _reported(self, session: Session) -> tuple[float, float | None]:
        """Loss as a fraction and round trip in seconds: the worst of what a subscriber reported of its slots."""
        loss, rtt = 0.0, None
        for slot in session.slots_by_ssrc.values():
            stats = self._plane.route_stats(slot.route)
            if stats is None or not stats.reported_us:
                continue
            loss = max(loss, stats.fraction_lost / 256)
            measured = rtcp.rtt_from_report(stats.lsr, stats.dlsr, self._ntp_at(stats.reported_us))
            if measured is not None:
                rtt = max(rtt or 0.0, measured)
        return loss, rtt

    def _sent_rate(self, session: Session, elapsed: float) -> int:
        stats = self._plane.transport_stats(session.key)
        if stats is not None and elapsed > 0:
            session.bitrate = int(8 * (stats.tx_bytes - session.bytes_reported) / elapsed)
        if stats is not None and (elapsed > 0 or not session.bytes_reported):
            session.bytes_reported = stats.tx_bytes
        return session.bitrate

    def _track(self, published: Published, elapsed: float) -> api.TrackStats:
        stats = self._plane.stream_stats(published.spec.id)
        track = published.track
        if stats is None:
            return api.TrackStats(track.source, track.codec, 0, 0, 0, 0, 0.0)  # type: ignore[arg-type]
        if elapsed > 0:
            published.bitrate = int(8 * (stats.bytes - published.bytes_reported) / elapsed)
            published.bytes_reported = stats.bytes
        return api.TrackStats(
            source=track.source,  # type: ignore[arg-type]
            codec=track.codec,
            packets=stats.packets,
            bytes=stats.bytes,
            lost=max(0, stats.expected - stats.packets),
            bitrate=published.bitrate,
            jitter_ms=1000 * stats.jitter / published.spec.clock_rate,
            level=stats.level if track.kind == "audio" else None,
        )

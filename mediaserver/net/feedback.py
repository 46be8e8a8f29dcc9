"""RTCP between peers and rooms: what comes in is acted on, what is owed goes out.

Every incoming packet ends as a call on the plane, on the keyframe arbiter, or as a number kept
for the statistics. Malformed and unexpected ones are counted.
"""

from __future__ import annotations

from collections.abc import Callable

from mediaserver.net.session import Published, Session
from mediaserver.plane.interface import Plane
from mediaserver.rtp import rtcp
from mediaserver.sfu.keyframes import KeyframeArbiter

NACK_BUDGET = 256
"""Packets one subscriber may ask for again per 100 ms; it fills up at every such tick."""
TILE_RATE = 350_000
"""bit/s asked of a classroom that is only seen as a tile."""
IDLE_RATE = 100_000
"""bit/s asked of a classroom that nobody looks at."""
NACK_CHUNK = 256
"""Sequence numbers in one NACK: even with a pair for each it stays far below the path's MTU."""
START_RATE = 1_200_000
"""bit/s granted to a publisher before its path has been measured."""


class Feedback:
    """:param ssrc: of our own reports. :param ntp_now: 64-bit NTP time that never jumps."""

    def __init__(self, plane: Plane, arbiter: KeyframeArbiter, ssrc: int, ntp_now: Callable[[], int]) -> None:
        self._plane = plane
        self._arbiter = arbiter
        self._ssrc = ssrc
        self._ntp_now = ntp_now
        self.count = dict.fromkeys(
            (
                "rtcp_nack_received",
                "rtcp_nack_sent",
                "rtcp_pli_received",
                "rtcp_pli_sent",
                "rtcp_sr_received",
                "rtcp_unknown",
                "drop_rtcp_malformed",
                "drop_rtcp_unknown_ssrc",
                "drop_nack_budget",
            ),
            0,
        )

    # ------------------------------------------------------------ in

    def receive(self, session: Session, data: bytes, now: float) -> None:
        """One decrypted compound packet of a peer."""
        try:
            packets = rtcp.parse(data)
        except rtcp.RtcpError:
            self.count["drop_rtcp_malformed"] += 1
            return
        for packet in packets:
            if isinstance(packet, rtcp.SenderReport):
                self._sender_report(session, packet, now)
            elif isinstance(packet, rtcp.Nack):
                self._nack(session, packet)
            elif isinstance(packet, rtcp.PictureLoss):
                self._keyframe(session, packet.media_ssrc, now)
            elif isinstance(packet, rtcp.FullIntraRequest):
                for ssrc, _ in packet.requests:
                    self._keyframe(session, ssrc, now)
            elif isinstance(packet, rtcp.Unknown):
                self.count["rtcp_unknown"] += 1

    def _sender_report(self, session: Session, report: rtcp.SenderReport, now: float) -> None:
        published = self._by_ssrc(session, report.ssrc)
        if published is None:
            # RTX streams report too; those reports say nothing that the media stream's do not.
            return
        self.count["rtcp_sr_received"] += 1
        published.report = (report.ntp, report.rtp_timestamp, round(now * 1e6))
        session.clock.observe(report.ntp, self._ntp_now())
        published.reporter.sender_report(rtcp.compact_ntp(report.ntp), now)
        ntp = session.clock.to_server(report.ntp)
        if ntp is not None:
            published.clock.set(ntp, report.rtp_timestamp)
            self._plane.sender_report(published.spec.id, ntp, report.rtp_timestamp)

    def _by_ssrc(self, session: Session, ssrc: int) -> Published | None:
        for published in session.published:
            stats = self._plane.stream_stats(published.spec.id)
            if stats is not None and stats.ssrc == ssrc:
                return published
        return None

    def started(self, published: Published, route: int) -> None:
        """A route began to play: tell it the time at once, so that it is in sync from the first picture."""
        ntp = self._ntp_now()
        timestamp = published.clock.at(ntp)
        if timestamp is not None:
            self._plane.sender_report(published.spec.id, ntp, timestamp, route)

    def _nack(self, session: Session, packet: rtcp.Nack) -> None:
        slot = session.slots_by_ssrc.get(packet.media_ssrc)
        if slot is None:
            self.count["drop_rtcp_unknown_ssrc"] += 1
            return
        wanted = packet.sequences[: session.nack_budget]
        session.nack_budget -= len(wanted)
        self.count["rtcp_nack_received"] += len(packet.sequences)
        self.count["drop_nack_budget"] += len(packet.sequences) - len(wanted)
        if wanted:
            self._plane.retransmit(slot.route, wanted)

    def _keyframe(self, session: Session, ssrc: int, now: float) -> None:
        slot = session.slots_by_ssrc.get(ssrc)
        if slot is None:
            self.count["drop_rtcp_unknown_ssrc"] += 1
            return
        self.count["rtcp_pli_received"] += 1
        if slot.playing is not None:
            self._arbiter.request(slot.playing.stream, now)

    # ------------------------------------------------------------ out

    def request_keyframe(self, session: Session, published: Published) -> None:
        stats = self._plane.stream_stats(published.spec.id)
        if stats is not None and stats.ssrc is not None:
            self.count["rtcp_pli_sent"] += 1
            self._plane.send_rtcp(session.key, self._compound(rtcp.pli(self._ssrc, stats.ssrc)))

    def ask_missing(self, session: Session, published: Published, now: float) -> bool:
        """Send a NACK for what is due. Returns whether some gap may need asking again."""
        stats = self._plane.stream_stats(published.spec.id)
        if stats is None or stats.ssrc is None:
            return False
        missing = ((index, noticed / 1e6) for index, noticed in self._plane.missing(published.spec.id))
        due = published.nacks.due(missing, now)
        self.count["rtcp_nack_sent"] += len(due)
        for first in range(0, len(due), NACK_CHUNK):
            request = rtcp.nack(self._ssrc, stats.ssrc, due[first : first + NACK_CHUNK])
            self._plane.send_rtcp(session.key, self._compound(request))
        return published.nacks.pending

    def report(self, session: Session, *, least: int, most: int, now: float) -> None:
        """Once a second to each publisher: receiver reports, and with REMB how much it may send."""
        blocks: list[rtcp.ReportBlock] = []
        ssrcs: list[int] = []
        for published in session.published:
            stats = self._plane.stream_stats(published.spec.id)
            if stats is None or stats.ssrc is None or not stats.packets:
                continue
            ssrcs.append(stats.ssrc)
            blocks.append(
                published.reporter.report(
                    stats.ssrc,
                    expected=stats.expected,
                    received=stats.packets,
                    highest=stats.highest,
                    jitter=stats.jitter,
                    now=now,
                )
            )
        path = self._plane.transport_stats(session.key)
        if not blocks or session.rate is None or path is None:
            return
        wanted = session.room.wanted_rate(session.participant, least=IDLE_RATE, tile=TILE_RATE, most=most)
        session.granted = session.rate.grant(
            min(least, wanted), wanted, now, overused_us=path.overused_us, overused_rate=path.overused_rate
        )
        self._plane.send_rtcp(
            session.key,
            rtcp.compound(
                rtcp.receiver_report(self._ssrc, blocks),
                rtcp.sdes_cname(self._ssrc, session.cname),
                rtcp.remb(self._ssrc, session.granted, ssrcs),
            ),
        )

    def goodbye(self, session: Session) -> None:
        """The peer's slots end (RFC 3550 §6.6)."""
        if session.subscriber is not None and session.connected:
            ssrcs = [slot.ssrc for slot in session.subscriber.slots]
            self._plane.send_rtcp(session.key, self._compound(rtcp.bye(ssrcs[: rtcp.MAX_REPORTS])))

    def _compound(self, packet: bytes) -> bytes:
        """RFC 3550 §6.1: every compound packet begins with a report."""
        return rtcp.compound(rtcp.receiver_report(self._ssrc), packet)

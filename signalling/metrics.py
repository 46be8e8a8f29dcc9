"""What Prometheus reads at `/metrics`. No label ever holds a room, a participant or a session.

Each server has its own registry, so that several can live in one process (tests, benchmarks).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from mediaserver.api import StatsReported

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each counter, which nobody asked for

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
CLOSE_REASONS = frozenset(
    (
        "closed",
        "replaced",
        "taken_over",
        "consent_expired",
        "dtls_failed",
        "ice_timeout",
        "peer_closed",
        "room_ended",
        "shutdown",
        "token_expired",
    )
)
_LOSS = (0.0, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
_LATENESS = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)
_WORK = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 4 * 3600.0)
_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.0, 2.0, 5.0)

Census = Callable[[], Mapping[str, Mapping[str, float]]]
"""Numbers that are counted when asked for: `{"rooms": {state: n}, "sessions": {direction: n},
"ws_connections": {role: n}, "bitrate": {direction: bit/s}}`."""


class Metrics:
    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.http_requests = Counter(
            "tongke_http_requests", "HTTP requests answered", ["method", "route", "status"], registry=registry
        )
        self.http_seconds = Histogram(
            "tongke_http_seconds", "Time to answer an HTTP request", ["route"], registry=registry
        )
        self.ws_received = Counter("tongke_ws_received", "WebSocket messages read", ["t"], registry=registry)
        self.ws_dropped = Counter(
            "tongke_ws_dropped", "WebSocket messages not sent or not obeyed", ["reason"], registry=registry
        )
        self.ws_closed = Counter("tongke_ws_closed", "WebSockets closed by the server", ["code"], registry=registry)
        self.sessions_opened = Counter(
            "tongke_sessions_opened", "Media sessions opened", ["direction"], registry=registry
        )
        self.sessions_refused = Counter(
            "tongke_sessions_refused", "Offers refused", ["direction", "code"], registry=registry
        )
        self.sessions_closed = Counter(
            "tongke_sessions_closed", "Media sessions closed", ["direction", "reason"], registry=registry
        )
        self.loss = Histogram(
            "tongke_loss_ratio", "Packets lost between two reports", ["direction"], buckets=_LOSS, registry=registry
        )
        self.rtt = Histogram(
            "tongke_rtt_seconds", "Round trip to a peer", ["direction"], buckets=_SECONDS, registry=registry
        )
        self.delay = Histogram(
            "tongke_display_delay_seconds", "Delay that displays report", buckets=_SECONDS, registry=registry
        )
        self.lessons = Gauge(
            "tongke_lessons",
            "Lessons by state; of scheduled ones those that begin within the hour",
            ["state"],
            registry=registry,
        )
        self.bell_rung = Counter("tongke_bell_rung", "Lessons moved, by their new state", ["state"], registry=registry)
        self.bell_lateness = Histogram(
            "tongke_bell_lateness_seconds", "From the bell to the lesson", buckets=_LATENESS, registry=registry
        )
        self.bell_held = Gauge("tongke_bell_held", "1 while this server is the one that rings", registry=registry)
        self.bell_failures = Counter(
            "tongke_bell_failures",
            "Beats that the database or a mistake spoilt",
            ["task"],
            registry=registry,
        )
        self.webhook_tries = Counter(
            "tongke_webhook_tries",
            "Deliveries to webhooks by what became of a try: arrived, failed, given_up",
            ["result"],
            registry=registry,
        )
        self.boxes = Gauge(
            "tongke_boxes", "Recorder boxes of lessons that are open, by what they do", ["state"], registry=registry
        )
        self.recordings = Gauge(
            "tongke_recordings", "Lessons being recorded, by what their recording does", ["state"], registry=registry
        )
        self.recorder_deaths = Counter(
            "tongke_recorder_deaths", "Ends of the recorder's process that nobody wanted", registry=registry
        )
        self.recorder_missed = Counter(
            "tongke_recorder_missed_packets",
            "Packets that were gone before the recorder took them",
            registry=registry,
        )
        self.stages = Gauge(
            "tongke_stages", "Stages of the work after the bell that are not done", ["name", "state"], registry=registry
        )
        self.stages_oldest = Gauge(
            "tongke_stages_oldest_seconds", "How long the stage is due that waits for longest", registry=registry
        )
        self.stage_seconds = Histogram(
            "tongke_stage_seconds",
            "Tries of stages by this server's workers, by what came of them",
            ["name", "result"],
            buckets=_WORK,
            registry=registry,
        )
        self.workers = Gauge("tongke_workers", "Workers of this server that run", registry=registry)
        self.captions_children = Gauge(
            "tongke_captions_children", "Processes that hear teachers for live captions", registry=registry
        )
        self.captions_lost = Counter(
            "tongke_captions_lost_seconds", "Speech that live captions left out, being too slow", registry=registry
        )
        self.captions_deaths = Counter(
            "tongke_captions_deaths", "Ends of captions' processes that nobody wanted", registry=registry
        )
        self.devices_online = Gauge("tongke_devices_online", "Devices heard within two minutes", registry=registry)
        self.contacts_written = Counter("tongke_contacts_written", "Contacts of devices written", registry=registry)
        self.contacts_dropped = Counter(
            "tongke_contacts_dropped", "Contacts of devices lost, more waited than are kept", registry=registry
        )
        self.ready = Gauge("tongke_ready", "1 while new sessions are taken", registry=registry)
        self._plane: dict[str, int] = {}
        self.census: Census = dict
        ProcessCollector(registry=registry)
        registry.register(_Live(self))

    def reported(self, report: StatsReported) -> None:
        """Keep the process-wide counters and put each session's loss and round trip into the histograms."""
        self._plane = dict(report.counters) or self._plane
        for session in report.sessions:
            self.loss.labels(session.direction).observe(session.loss)
            if session.rtt_ms is not None:
                self.rtt.labels(session.direction).observe(session.rtt_ms / 1000)

    def closed(self, direction: str, reason: str) -> None:
        self.sessions_closed.labels(direction, reason if reason in CLOSE_REASONS else "other").inc()

    def plane(self) -> Mapping[str, int]:
        return self._plane

    def render(self) -> bytes:
        return generate_latest(self.registry)


class _Live(Collector):
    """Gauges counted at the moment of the scrape, and the packet plane's own counters."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        census = self._metrics.census()
        for name, label, text in (
            ("rooms", "state", "Rooms by the state of their lesson"),
            ("sessions", "direction", "Open media sessions"),
            ("ws_connections", "role", "Pages connected"),
            ("bitrate", "direction", "Media bit/s by the latest reports"),
        ):
            family = GaugeMetricFamily(f"tongke_{name}", text, labels=[label])
            for value, number in sorted(census.get(name, {}).items()):
                family.add_metric([value], number)
            yield family
        plane = CounterMetricFamily("tongke_plane", "Counters of the packet plane and its drops", labels=["name"])
        for name, count in sorted(self._metrics.plane().items()):
            plane.add_metric([name], count)
        yield plane

    def describe(self) -> Iterable[Metric]:
        return []

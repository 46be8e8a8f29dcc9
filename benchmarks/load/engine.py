"""The engine of engine.h as a Python object; its thread runs from `start` to `stop`."""

from __future__ import annotations

import ctypes
import threading
from typing import NamedTuple

import numpy as np
from pylibsrtp import Session

from benchmarks.load import srtp
from benchmarks.load.build import library
from benchmarks.load.media import TrackSpec

MAX_SAMPLES = 1 << 20
MAX_CONTROL = 256
MAX_DATAGRAM = 1536
PICTURE, SOUND = 0, 1

_SAMPLE = np.dtype([("delay_ns", "<i4"), ("peer", "<u2"), ("kind", "<u2")])


class Totals(ctypes.Structure):
    """`struct totals` of engine.h: counters since the engine was made."""

    _fields_ = (
        *(
            (name, ctypes.c_uint64)
            for name in (
                "sent", "sent_bytes", "send_failed", "skipped",
                "received", "received_bytes", "expected", "duplicates", "resets", "unknown",
                "dropped", "asked_again",
                "rtcp_received", "keyframe_requests", "nacks", "checks_answered",
                "samples_lost", "control_lost", "undecryptable",
            )
        ),
        ("cpu_ns", ctypes.c_int64),
        ("late_max_ns", ctypes.c_int64),
    )  # fmt: skip

    def as_dict(self) -> dict[str, int]:
        return {name: getattr(self, name) for name, _ in self._fields_}


class _Control(ctypes.Structure):
    _fields_ = (("peer", ctypes.c_int32), ("size", ctypes.c_int32), ("data", ctypes.c_uint8 * MAX_DATAGRAM))


class Seen(NamedTuple):
    """RTP of one peer; wall-clock ns by the kernel, 0 before the first packet."""

    packets: int
    first_ns: int
    last_ns: int


class Engine:
    """One per process: the C side keeps its buffers in static memory."""

    def __init__(self) -> None:
        self._library = library()
        self._library.engine_new.restype = ctypes.c_void_p
        self._library.engine_peer_packets.restype = ctypes.c_uint64
        api = srtp.api()
        self._engine = ctypes.c_void_p(self._library.engine_new(ctypes.byref(api)))
        self._thread = threading.Thread(target=self._library.engine_run, args=(self._engine,), name="load", daemon=True)
        self._kept: dict[int, tuple[object, ...]] = {}

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread and frees everything; sockets stay their owner's."""
        self._library.engine_stop(self._engine)
        if self._thread.is_alive():
            self._thread.join()
        self._library.engine_free(self._engine)
        self._engine = ctypes.c_void_p()
        self._kept.clear()

    def __enter__(self) -> Engine:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def add_peer(self, fd: int, inbound: Session | None, outbound: Session | None, check: bytes = b"") -> int:
        """`check`: a binding request to repeat. RuntimeError when there are too many peers."""
        contexts = (ctypes.c_void_p(srtp.context(inbound)), ctypes.c_void_p(srtp.context(outbound)))
        peer = int(self._library.engine_add_peer(self._engine, fd, *contexts, check, len(check)))
        if peer < 0:
            raise RuntimeError("the load generator has no room for another peer")
        self._kept[peer] = (inbound, outbound)
        return peer

    def remove_peer(self, peer: int) -> None:
        """Nothing of it is touched afterwards; its socket may be closed."""
        self._library.engine_remove_peer(self._engine, peer)
        del self._kept[peer]

    def add_track(self, peer: int, spec: TrackSpec) -> None:
        if self._library.engine_add_track(self._engine, peer, ctypes.byref(spec)) < 0:
            raise RuntimeError("a peer sends one picture and one sound at most")
        self._kept[peer] += (spec,)

    def set_burst(self, burst: bool) -> None:
        """The packets of a frame at once instead of evenly spaced."""
        self._library.engine_set_burst(self._engine, int(burst))

    def set_loss(self, share: float) -> None:
        """Lose so many packets on the way in, and ask again for as many on the way out."""
        self._library.engine_set_loss(self._engine, ctypes.c_double(share))

    def totals(self) -> dict[str, int]:
        totals = Totals()
        self._library.engine_totals(self._engine, ctypes.byref(totals))
        return totals.as_dict()

    def seen(self, peer: int) -> Seen:
        first, last = ctypes.c_int64(), ctypes.c_int64()
        packets = self._library.engine_peer_packets(self._engine, peer, ctypes.byref(first), ctypes.byref(last))
        return Seen(packets, first.value, last.value)

    def take_delays(self) -> dict[int, np.ndarray]:
        """Sampled delays since the last call, in ns, by kind of track; all peers together."""
        samples = np.empty(MAX_SAMPLES, _SAMPLE)
        count = self._library.engine_take_samples(
            self._engine, samples.ctypes.data_as(ctypes.c_void_p), ctypes.c_int(MAX_SAMPLES)
        )
        samples = samples[:count]
        return {kind: samples["delay_ns"][samples["kind"] == kind] for kind in (PICTURE, SOUND)}

    def take_control(self) -> list[tuple[int, bytes]]:
        """(peer, datagram) of STUN requests and DTLS since the last call."""
        buffer = (_Control * MAX_CONTROL)()
        count = self._library.engine_take_control(self._engine, buffer, MAX_CONTROL)
        return [(item.peer, bytes(item.data[: item.size])) for item in buffer[:count]]

"""One WHIP or WHEP peer: socket, ICE and DTLS in Python, then its packets in the engine."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from benchmarks.load import checks, sdp
from benchmarks.load.engine import Engine, Seen
from benchmarks.load.media import Loop
from mediaserver.net import dtls

Exchange = Callable[[str], Awaitable[str]]
"""Takes our offer to the server and brings its answer."""

CONNECT_S = 20.0
_CHECK_S = 0.1
_RECEIVE_BUFFER = 1 << 20
_SO_TIMESTAMPNS = 35
_MAX_DATAGRAM = 2048


class ConnectError(Exception):
    """A peer did not get through ICE and DTLS."""


@dataclass(frozen=True)
class Times:
    """Seconds of the monotonic clock."""

    offered: float
    answered: float
    checked: float
    connected: float


def new_socket() -> socket.socket:
    """On loopback, with receive time stamps of the kernel."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
    made.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    made.bind(("127.0.0.1", 0))
    return made


class Peer:
    """:param certificate: of the DTLS client; one serves all peers of a run."""

    def __init__(self, engine: Engine, certificate: dtls.Certificate) -> None:
        self._engine = engine
        self._certificate = certificate
        self.socket = new_socket()
        [(_, fingerprint)] = certificate.fingerprints
        self.local = sdp.Local(fingerprint, self.socket.getsockname()[1])
        self.remote: sdp.Remote | None = None
        self.id: int | None = None
        self.times: Times | None = None
        self.profile = ""
        self.ssrcs: Sequence[int] = ()
        self.offered_ns = 0  # wall clock, as the kernel's receive times
        self._early_first_ns = 0
        self._dtls: dtls.DtlsSrtp | None = None
        self._checked = asyncio.Event()

    # ------------------------------------------------------------ set-up

    async def connect(self, kinds: Sequence[sdp.Kind], exchange: Exchange, ssrcs: Sequence[int] = ()) -> None:
        """Offer, check, shake hands, hand over to the engine. Raises `ConnectError`."""
        offered = self._begin()
        remote = sdp.read(await exchange(sdp.offer(self.local, kinds, ssrcs)))
        self.ssrcs = ssrcs
        await self._establish(remote, offered)

    async def accept(
        self, kinds: Sequence[sdp.Kind], offer: str, send_answer: Callable[[str], Awaitable[None]]
    ) -> None:
        """The other way round, for servers that offer to their subscribers."""
        offered = self._begin()
        remote = sdp.read(offer)
        await send_answer(sdp.answer(self.local, kinds, remote.mids))
        await self._establish(remote, offered)

    def _begin(self) -> float:
        self.offered_ns = time.time_ns()
        return time.monotonic()

    async def _establish(self, remote: sdp.Remote, offered: float) -> None:
        self.remote = remote
        answered = time.monotonic()
        self.socket.connect(remote.address)
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[dtls.Outcome] = loop.create_future()

        def changed(result: dtls.Outcome) -> None:
            if not outcome.done():
                outcome.set_result(result)

        self._dtls = dtls.DtlsSrtp(
            self._certificate, remote.fingerprints, self._send, changed, active=remote.setup != "active"
        )
        loop.add_reader(self.socket, self._read)
        check = checks.binding_request(self.local.ufrag, remote.ufrag, remote.password)
        try:
            async with asyncio.timeout(CONNECT_S):
                while not self._checked.is_set():
                    self._send(check)
                    try:
                        await asyncio.wait_for(self._checked.wait(), _CHECK_S)
                    except TimeoutError:
                        continue
                checked = time.monotonic()
                self._dtls.begin()
                if await outcome is not dtls.Outcome.CONNECTED:
                    raise ConnectError("DTLS failed")
        except TimeoutError:
            at = "DTLS" if self._checked.is_set() else "ICE"
            raise ConnectError(f"no {at} with {remote.address} within {CONNECT_S:.0f} s") from None
        finally:
            loop.remove_reader(self.socket)
        self.times = Times(offered, answered, checked, time.monotonic())
        self.profile = self._dtls.profile
        inbound, outbound = self._dtls.sessions
        self.id = self._engine.add_peer(self.socket.fileno(), inbound, outbound, check)

    def _send(self, data: bytes) -> None:
        try:
            self.socket.send(data)
        except OSError:
            pass  # not open yet, or gone: checks and DTLS are sent again

    def _read(self) -> None:
        """At most a few datagrams: what comes after the handshake is the engine's."""
        assert self._dtls is not None
        for _ in range(8):
            try:
                data, ancillary, _, _ = self.socket.recvmsg(_MAX_DATAGRAM, 64)
            except OSError:
                return
            if not data:
                continue
            if data[0] < 2:
                self.receive_check(data)
            elif 20 <= data[0] <= 63:
                self._dtls.feed(data)
                return  # let the handshake look at it before anything more is taken
            elif not self._early_first_ns and not 192 <= data[1] <= 223:
                self._early_first_ns = _time_stamp(ancillary)

    def receive_check(self, data: bytes) -> None:
        """A STUN datagram, also after the set-up (`Engine.take_control`)."""
        if checks.is_success(data):
            self._checked.set()
        elif self.remote is not None:
            response = checks.response_to(data, self.local.password, self.remote.address)
            if response is not None:
                self._send(response)

    # ------------------------------------------------------------ media

    def send(self, loop: Loop, ssrc: int, start_ns: int) -> None:
        """Begin to publish at `start_ns` of the monotonic clock."""
        assert self.id is not None and self.remote is not None
        spec = loop.spec(
            ssrc=ssrc,
            payload_type=sdp.PICTURE_TYPE if loop.video else sdp.SOUND_TYPE,
            send_time_id=sdp.SEND_TIME_ID if sdp.accepts_send_time(self.remote) else 0,
            level_id=sdp.LEVEL_ID if not loop.video and sdp.accepts_level(self.remote) else 0,
            start_ns=start_ns,
        )
        self._engine.add_track(self.id, spec)

    def seen(self) -> Seen:
        """RTP received so far; packets that came during the handshake count for the time of the first alone."""
        if self.id is None:
            return Seen(0, self._early_first_ns, self._early_first_ns)
        seen = self._engine.seen(self.id)
        return seen._replace(first_ns=self._early_first_ns) if self._early_first_ns else seen

    async def close(self, *, farewell: bool = True) -> None:
        """Out of the engine; with a farewell, DTLS close_notify tells the server. Twice is once."""
        if self.id is not None:
            self._engine.remove_peer(self.id)
            self.id = None
        if not farewell:
            self.socket.close()
        if self._dtls is not None:
            await self._dtls.close()
            self._dtls = None
        self.socket.close()


def _time_stamp(ancillary: list[tuple[int, int, bytes]]) -> int:
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS:
            seconds, nanoseconds = struct.unpack("qq", data[:16])
            return int(seconds * 10**9 + nanoseconds)
    return time.time_ns()

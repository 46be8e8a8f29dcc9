"""The seam to aiortc's DTLS and pylibsrtp: everything private of theirs that we touch is here.

`RTCDtlsTransport` expects an ICE transport underneath. `_Wire` is the little of one that it
uses (`role`, `_recv`, `_send`), fed with the DTLS datagrams of one peer. After the handshake
its two SRTP sessions go to the packet plane; the transport stays to hear the peer's
close_notify and to send ours.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from enum import Enum
from functools import cached_property

import pylibsrtp
from aiortc import RTCCertificate
from aiortc.rtcdtlstransport import (
    SRTP_AEAD_AES_128_GCM,
    SRTP_AEAD_AES_256_GCM,
    SRTP_AES128_CM_SHA1_80,
    SRTP_PROFILES,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    SRTPProtectionProfile,
    State,
)
from OpenSSL import SSL

_log = logging.getLogger(__name__)

SrtpError = pylibsrtp.Error

_PREFERENCE = (SRTP_AEAD_AES_128_GCM, SRTP_AEAD_AES_256_GCM, SRTP_AES128_CM_SHA1_80)
"""As server we choose: AES-128-GCM costs a third of AES-CM with HMAC-SHA1 per packet."""
_CHOICE = [profile for profile in _PREFERENCE if profile in SRTP_PROFILES]
_EXPORTER = b"EXTRACTOR-dtls_srtp"
_RECEIVING_WINDOW = 1024
_SENDING_WINDOW = 128
"""Packets back that may be sent again under their own number, where a subscriber has no RTX. libsrtp shifts the window
with every packet it protects: 1,024 bits of it are a seventh of the cost of a packet. Receiving needs them, for packets
do come late."""
_MTU = 1200
"""UDP payload of a handshake datagram. Left alone, OpenSSL cuts every message into pieces of 200 bytes."""
_PROFILES = {"AEAD_AES_128_GCM": SRTP_AEAD_AES_128_GCM, "AES_CM_128_HMAC_SHA1_80": SRTP_AES128_CM_SHA1_80}
_QUEUE = 64
"""Datagrams of one peer waiting for the handshake to read them."""
_scratch = pylibsrtp.ffi.new("char[]", 2048)
"""Where every session of the process protects and unprotects, one packet at a time. Theirs hold 1,500 bytes each, of
which they reserve 144 for the trailer: less than a full Ethernet packet."""
_scratch_buffer = pylibsrtp.ffi.buffer(_scratch)


class SrtpLibrary:
    """libsrtp inside the pylibsrtp wheel, for the compiled plane (see `plane.interface.SrtpLibrary`)."""

    @property
    def functions(self) -> tuple[int, int, int, int]:
        names = ("srtp_protect", "srtp_unprotect", "srtp_protect_rtcp", "srtp_unprotect_rtcp")
        protect, unprotect, protect_rtcp, unprotect_rtcp = (
            int(pylibsrtp.ffi.cast("uintptr_t", pylibsrtp.ffi.addressof(pylibsrtp.lib, name))) for name in names
        )
        return protect, unprotect, protect_rtcp, unprotect_rtcp

    def context(self, session: pylibsrtp.Session) -> int:
        return int(pylibsrtp.ffi.cast("uintptr_t", session._srtp[0]))

    def sessions(self, profile: str, key: bytes) -> tuple[pylibsrtp.Session, pylibsrtp.Session]:
        number = _PROFILES[profile].libsrtp_profile
        policy = pylibsrtp.Policy
        return (
            pylibsrtp.Session(policy(key, policy.SSRC_ANY_INBOUND, srtp_profile=number)),
            pylibsrtp.Session(policy(key, policy.SSRC_ANY_OUTBOUND, srtp_profile=number)),
        )


class Certificate(RTCCertificate):
    """Ours, with the one OpenSSL context that all handshakes under it share: to make one costs as much time as a
    handshake, and 20 kB.

    What is one peer's alone is not in the context: its fingerprint is compared after each handshake, and since no
    session is ever resumed (RFC 5246 §7.3) each handshake has proved the certificate it is compared with.
    """

    @cached_property
    def _context(self) -> SSL.Context:
        context = super()._create_ssl_context(_CHOICE)
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        context.set_options(SSL.OP_NO_QUERY_MTU)
        context.set_mode(SSL.MODE_RELEASE_BUFFERS)
        return context

    def _create_ssl_context(self, srtp_profiles: list[SRTPProtectionProfile]) -> SSL.Context:
        return self._context

    @cached_property
    def fingerprints(self) -> tuple[tuple[str, str], ...]:
        """(hash function, hex pairs) for the answer; SHA-256 is understood by everybody."""
        return tuple((f.algorithm, f.value) for f in self.getFingerprints() if f.algorithm == "sha-256")


def generate_certificate() -> Certificate:
    """A self-signed P-256 certificate, the one of this process."""
    return Certificate.generateCertificate()


class Outcome(Enum):
    CONNECTED = "connected"
    FAILED = "failed"
    CLOSED = "closed"


class _Wire:
    """An ICE transport as `RTCDtlsTransport` sees it; it has one reader."""

    __slots__ = ("_ended", "_reader", "_sink", "_waiting")
    role = "controlled"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._sink = send
        self._waiting: list[bytes] = []  # an asyncio.Queue weighs 3 kB, and most peers never say a word again
        self._reader: asyncio.Future[None] | None = None
        self._ended = False

    def feed(self, data: bytes) -> bool:
        if len(self._waiting) >= _QUEUE:
            return False
        self._waiting.append(data)
        self._wake()
        return True

    def end(self) -> None:
        """Whoever reads gets ConnectionError, whatever was waiting."""
        self._waiting.clear()
        self._ended = True
        self._wake()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    async def _recv(self) -> bytes:
        while not self._waiting:
            if self._ended:
                raise ConnectionError
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        return self._waiting.pop(0)

    async def _send(self, data: bytes) -> None:
        self._sink(data)


class _Transport(RTCDtlsTransport):
    """aiortc's transport, whose handshake and SRTP sessions are made to our measure."""

    async def _do_handshake(self) -> None:
        self._ssl.set_ciphertext_mtu(_MTU)
        await super()._do_handshake()

    def _setup_srtp(self) -> None:
        """RFC 5764 §4.2, as aiortc does it, but for the windows and the buffers."""
        selected = self._ssl.get_selected_srtp_profile()
        profile = next((known for known in self._srtp_profiles if known.openssl_profile == selected), None)
        if profile is None:
            self._set_state(State.FAILED)
            return
        view = self._ssl.export_keying_material(_EXPORTER, 2 * (profile.key_length + profile.salt_length))
        client, server = (profile.get_key_and_salt(view, index) for index in (0, 1))
        theirs, ours = (client, server) if self._role == "server" else (server, client)
        policy = pylibsrtp.Policy
        self._rx_srtp = _srtp_session(profile, theirs, policy.SSRC_ANY_INBOUND, _RECEIVING_WINDOW)
        self._tx_srtp = _srtp_session(profile, ours, policy.SSRC_ANY_OUTBOUND, _SENDING_WINDOW)

    def forget(self) -> None:
        """After `stop`: what C holds for this peer, 100 kB, goes now and not when the collector comes by."""
        self._ssl = self._rx_srtp = self._tx_srtp = None


def _srtp_session(profile: SRTPProtectionProfile, key: bytes, ssrc_type: int, window: int) -> pylibsrtp.Session:
    policy = pylibsrtp.Policy(key=key, ssrc_type=ssrc_type, srtp_profile=profile.libsrtp_profile)
    policy.allow_repeat_tx = True
    policy.window_size = window
    session = pylibsrtp.Session(policy)
    session._cdata, session._buffer = _scratch, _scratch_buffer
    return session


class DtlsSrtp:
    """Our side of one peer's DTLS: the server, unless the peer insists on being it.

    :param remote: (hash function, hex pairs) of the peer's certificate from its offer.
    :param active: be the DTLS client; the handshake then begins with `begin`.
    :param send: sends one datagram to the peer, wherever it is by then.
    :param changed: told once `CONNECTED` or `FAILED`, later perhaps `CLOSED`.
    """

    __slots__ = ("_active", "_changed", "_closing", "_remote", "_task", "_transport", "_wire")

    def __init__(
        self,
        certificate: Certificate,
        remote: tuple[tuple[str, str], ...],
        send: Callable[[bytes], None],
        changed: Callable[[Outcome], None],
        *,
        active: bool = False,
    ) -> None:
        self._wire = _Wire(send)
        self._changed = changed
        self._remote = RTCDtlsParameters(
            fingerprints=[RTCDtlsFingerprint(algorithm=algorithm, value=value) for algorithm, value in remote]
        )
        self._transport = _Transport(self._wire, [certificate])  # type: ignore[arg-type]
        self._transport._srtp_profiles = _CHOICE
        self._transport._set_role("client" if active else "server")
        self._active = active
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    def begin(self) -> None:
        """The peer's address is known: a client sends its first flight, a server goes on waiting for one."""
        if self._active:
            self._start()

    def feed(self, data: bytes) -> bool:
        """A DTLS datagram of the peer. The first one starts a server's handshake. False when it was dropped."""
        if self._closing:
            return False
        self._start()
        return self._wire.feed(data)

    def _start(self) -> None:
        if self._task is None and not self._closing:
            self._task = asyncio.get_running_loop().create_task(self._handshake())

    async def _handshake(self) -> None:
        try:
            await self._transport.start(self._remote)
        except ConnectionError:
            pass
        except Exception:
            # A bug of ours or of the library under hostile input: this peer fails, the others go on.
            _log.exception("DTLS handshake broke")
        if self._closing:
            return
        if self._transport.state != "connected":
            self._changed(Outcome.FAILED)
            return
        self._transport.on("statechange", self._state_changed)
        self._changed(Outcome.CONNECTED)

    def _state_changed(self) -> None:
        if self._transport.state == "closed" and not self._closing:
            self._changed(Outcome.CLOSED)

    @property
    def profile(self) -> str:
        """Name of the negotiated SRTP profile."""
        selected = self._transport._ssl.get_selected_srtp_profile() if self._transport._ssl else b""
        return selected.decode()

    @property
    def sessions(self) -> tuple[pylibsrtp.Session, pylibsrtp.Session]:
        """(inbound, outbound) SRTP sessions; after `CONNECTED` only."""
        return self._transport._rx_srtp, self._transport._tx_srtp

    async def close(self) -> None:
        """Send close_notify and stop. May be called at any time, also twice."""
        if self._closing:
            return
        self._closing = True
        await self._transport.stop()
        self._transport.remove_all_listeners()  # or the two hold each other until a full collection
        self._wire.end()
        if self._task is not None:
            await asyncio.wait([self._task])
        self._transport.forget()

"""Other people's WebRTC stacks against WHIP and WHEP: libwebrtc, werift and FFmpeg, each in its own process."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from signalling.cli.serve import Server
from signalling.client.http import SignallingClient
from signalling.client.watcher import Watcher
from tests.interop.conftest import counter, node, python, until

pytestmark = pytest.mark.timeout(180)


async def test_libwebrtc_sees_and_hears_libwebrtc(server: Server) -> None:
    async with (
        node("wrtc.mjs", "publish", server, server.token("r", "lead", id="t")) as teacher,
        node("wrtc.mjs", "watch", server, server.token("r", "classroom", id="c")) as display,
    ):
        await teacher.until(lambda seen: seen.get("state") == "connected", "publisher connected")
        await display.until(lambda seen: seen.get("frames", 0) > 25, "25 frames decoded")
        await display.until(lambda seen: seen["loudest"] > 2000, "the tone is audible")
        assert (display.seen["width"], display.seen["height"]) == (320, 240)


async def test_werift_receives_without_a_gap(server: Server) -> None:
    async with (
        node("wrtc.mjs", "publish", server, server.token("r", "lead", id="t")) as teacher,
        node("werift.mjs", "watch", server, server.token("r", "classroom", id="c")) as display,
    ):
        await teacher.until(lambda seen: seen.get("state") == "connected", "publisher connected")
        await display.until(lambda seen: seen.get("video", 0) > 50 and seen["audio"] > 50, "50 packets of each kind")
        assert display.seen["gaps"] == 0


async def test_werift_publishes_sound(server: Server) -> None:
    async with (
        node("werift.mjs", "publish", server, server.token("r", "lead", id="t")) as teacher,
        node("werift.mjs", "watch", server, server.token("r", "classroom", id="c")) as display,
    ):
        await teacher.until(lambda seen: seen.get("state") == "connected", "publisher connected")
        await display.until(lambda seen: seen.get("audio", 0) > 50, "50 packets of sound")
        assert await counter(server, "drop_srtp") == 0


def p256_certificate(folder: Path) -> tuple[Path, Path]:
    """FFmpeg's DTLS takes the key it is given; with RSA no cipher suite would be left in common."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "recorder box")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    files = folder / "box.crt", folder / "box.key"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


async def test_ffmpeg_publishes_h264(server: Server, tmp_path: Path) -> None:
    """FFmpeg offers `setup:passive` and AES-CM alone; aiortc decodes what it sent."""
    url = f"https://localhost:{server.port}"
    certificate, key = p256_certificate(tmp_path)
    script = Path(__file__).with_name("ffmpeg_whip.py")
    token = server.token("r", "lead", id="t")
    assert server.ca_file is not None
    client = SignallingClient(url, server.token("r", "classroom", id="c"), ca_files=[server.ca_file])
    async with (
        client,
        python(script, f"{url}/whip/r", token, str(certificate), str(key)),
        Watcher(client, "r", videos=1, audios=1) as watcher,
    ):
        slot = await watcher.frames("main", 25, timeout=40)
        assert (slot.width, slot.height) == (320, 240)
        await watcher.audible("program", timeout=20)
    await until(lambda: _closed(server), "FFmpeg's session deleted")


async def _closed(server: Server) -> bool:
    return await counter(server, "session_closed") >= 2

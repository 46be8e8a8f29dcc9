"""The server's own CA and certificate, and real handshakes with them."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography import x509

from mediaserver.api import UserError
from signalling import tls

NOW = datetime.datetime(2026, 3, 2, 8, tzinfo=datetime.UTC)
NAMES = ["localhost", "127.0.0.1", "::1"]
DAY = datetime.timedelta(days=1)


def read(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_first_run(tmp_path: Path) -> None:
    files = tls.ensure(tmp_path / "tls", [*NAMES, "School.Example", "0.0.0.0", "::", "a b", "ü", ""], NOW)
    assert files.ca is not None
    for key in (files.key, files.ca.with_suffix(".key")):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    server, ca = read(files.cert), read(files.ca)
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "school.example"]
    assert names.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address(a) for a in ("127.0.0.1", "::1")]
    server.verify_directly_issued_by(ca)
    assert ca.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is True
    assert (server.not_valid_after_utc - server.not_valid_before_utc) < 399 * DAY
    assert tls.days_left(files.cert, NOW) == 397
    assert tls.days_left(files.cert, NOW - 3 * DAY) == 0
    assert len(list((tmp_path / "tls").iterdir())) == 4


def test_kept_until_near_its_end_and_ca_kept_longer(tmp_path: Path) -> None:
    files = tls.ensure(tmp_path, NAMES, NOW)
    assert files.ca is not None
    first, ca = files.cert.read_bytes(), files.ca.read_bytes()
    tls.ensure(tmp_path, reversed(NAMES), NOW + 366 * DAY)
    assert files.cert.read_bytes() == first
    tls.ensure(tmp_path, NAMES, NOW + 368 * DAY)
    assert files.cert.read_bytes() != first and files.ca.read_bytes() == ca
    tls.ensure(tmp_path, NAMES, NOW + 3630 * DAY)
    assert files.ca.read_bytes() != ca


@pytest.mark.parametrize("spoil", ["names", "key", "cert", "nonsense", "ca"])
def test_made_anew_when_it_no_longer_fits(tmp_path: Path, spoil: str) -> None:
    files = tls.ensure(tmp_path, NAMES, NOW)
    assert files.ca is not None
    first, ca = files.cert.read_bytes(), files.ca.read_bytes()
    names = NAMES
    if spoil == "names":
        names = [*NAMES, "new.example"]
    elif spoil == "key":
        files.key.unlink()
    elif spoil == "cert":
        files.cert.write_bytes(ca)
    elif spoil == "nonsense":
        files.key.write_bytes(b"nonsense")
    else:
        files.ca.with_suffix(".key").unlink()
    tls.ensure(tmp_path, names, NOW)
    assert files.cert.read_bytes() != first
    assert (files.ca.read_bytes() == ca) == (spoil != "ca")
    read(files.cert).verify_directly_issued_by(read(files.ca))
    tls.context(files)


def test_unusable_files_are_one_sentence(tmp_path: Path) -> None:
    files = tls.ensure(tmp_path / "tls", NAMES, NOW)
    assert files.ca is not None
    cases = [
        (tls.Files(tmp_path / "no.crt", files.key), "no.crt cannot be read: No such file"),
        (tls.Files(files.cert, tmp_path / "no.key"), "no.key cannot be read: No such file"),
        (tls.Files(files.cert, files.ca.with_suffix(".key")), "no PEM certificate and its key"),
    ]
    for wrong, words in cases:
        with pytest.raises(UserError) as caught:
            tls.context(wrong)
        assert words in caught.value.detail
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError) as caught:
        tls.ensure(tmp_path / "file", NAMES, NOW)
    assert "data_dir" in caught.value.detail


async def test_https_with_the_downloaded_ca(open_school: Callable[..., Any], tmp_path: Path) -> None:
    school = await open_school(http={"tls": "auto", "public_names": ["school.example"]})
    plain = ssl.create_default_context()
    with pytest.raises(aiohttp.ClientConnectorCertificateError):
        await school.http.get(f"https://localhost:{school.server.port}/ca.crt", ssl=plain)
    # The first download cannot be checked: that is what showing its fingerprint is for.
    answer = await school.http.get(f"https://127.0.0.1:{school.server.port}/ca.crt", ssl=False)
    assert answer.content_type == "application/x-x509-ca-cert"
    trusting = ssl.create_default_context(cadata=await answer.text())
    for host in ("localhost", "127.0.0.1"):
        checked = await school.http.get(f"https://{host}:{school.server.port}/healthz", ssl=trusting)
        assert await checked.text() == "ok"
    assert school.server.url == f"https://school.example:{school.server.port}"


def test_old_tls_is_refused(tmp_path: Path) -> None:
    assert tls.context(tls.ensure(tmp_path, NAMES, NOW)).minimum_version == ssl.TLSVersion.TLSv1_2


async def test_files_from_the_configuration(open_school: Callable[..., Any], tmp_path: Path) -> None:
    given = tls.ensure(tmp_path / "given", [*NAMES, socket.gethostname()], datetime.datetime.now(datetime.UTC))
    school = await open_school(http={"tls": "files", "tls_cert": given.cert, "tls_key": given.key})
    trusting = ssl.create_default_context(cafile=given.ca)
    address = f"https://127.0.0.1:{school.server.port}"
    assert (await school.http.get(f"{address}/healthz", ssl=trusting)).status == 200
    assert (await school.http.get(f"{address}/ca.crt", ssl=trusting)).status == 404

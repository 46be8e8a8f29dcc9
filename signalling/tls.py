"""HTTPS without a shop: a CA of this server's own and a certificate from it, made at the first run.

Browsers give camera and microphone to secure pages only, and a school's server seldom has a public
name. The CA is made once and kept, so that displays trust it once; the certificate is made anew when
it nears its end or when the server's names change.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
import secrets
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from mediaserver.api import UserError

CA_DAYS = 3650
SERVER_DAYS = 397
"""Some clients refuse certificates that live longer than this, whoever signed them."""
RENEW_DAYS = 30
_SKEW = datetime.timedelta(days=1)
"""Certificates begin a day early: the clock of a display that was off for the holidays is late."""


@dataclass(frozen=True, slots=True)
class Files:
    """:ivar ca: None when the certificate was given by the configuration."""

    cert: Path
    key: Path
    ca: Path | None = None


def default_names() -> list[str]:
    """Names under which every server is reached: this machine's own."""
    return ["localhost", "127.0.0.1", "::1", socket.gethostname()]


def ensure(directory: Path, names: Iterable[str], now: datetime.datetime) -> Files:
    """Make what is missing, near its end or no longer fitting in `directory`.

    :param names: DNS names and IP addresses; what is neither is left out.
    :param now: aware UTC time.
    :raises UserError: the directory cannot be written.
    """
    files = Files(directory / "server.crt", directory / "server.key", directory / "ca.crt")
    ca_key_file = directory / "ca.key"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        ca = _load(directory / "ca.crt", ca_key_file)
        if ca is None or _ends_soon(ca[0], now):
            ca = _make_ca(now)
            _write(ca_key_file, _key_pem(ca[1]), 0o600)
            _write(directory / "ca.crt", _pem(ca[0]), 0o644)
        alternatives = _alternatives(names)
        server = _load(files.cert, files.key)
        if server is None or _ends_soon(server[0], now) or not _fits(server[0], ca[0], alternatives):
            server = _make_server(ca, alternatives, now)
            _write(files.key, _key_pem(server[1]), 0o600)
            _write(files.cert, _pem(server[0]) + _pem(ca[0]), 0o644)
    except OSError as error:
        raise UserError(
            400, "bad_config", f"The certificates in {directory} cannot be kept: {error.strerror}; check data_dir."
        ) from None
    return files


def fingerprint(files: Files) -> bytes:
    """SHA-256 of the certificate that clients are shown. :raises UserError: it cannot be read."""
    try:
        return x509.load_pem_x509_certificate(files.cert.read_bytes()).fingerprint(hashes.SHA256())
    except (OSError, ValueError):
        raise UserError(400, "bad_config", f"{files.cert} cannot be read as a certificate; name a PEM file.") from None


def context(files: Files) -> ssl.SSLContext:
    """A server context, TLS 1.2 and later.

    :raises UserError: a file is missing, unreadable, or the two do not belong together.
    """
    for file in (files.cert, files.key):
        try:
            file.open("rb").close()
        except OSError as error:
            raise UserError(
                400,
                "bad_config",
                f"The certificate file {file} cannot be read: {error.strerror}; "
                f'check http.tls_cert and http.tls_key, or set http.tls = "auto".',
            ) from None
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        made.load_cert_chain(files.cert, files.key)
    except ssl.SSLError:
        raise UserError(
            400, "bad_config", f"The files {files.cert} and {files.key} are no PEM certificate and its key."
        ) from None
    return made


def days_left(cert: Path, now: datetime.datetime) -> float:
    """How long a PEM certificate is still valid, in days; not positive when it is not valid now."""
    read = x509.load_pem_x509_certificate(cert.read_bytes())
    if now < read.not_valid_before_utc:
        return 0.0
    return (read.not_valid_after_utc - now).total_seconds() / 86400


# ---------------------------------------------------------------- making

_Pair = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime.datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        key_cert_sign=ca,
        crl_sign=ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _make_ca(now: datetime.datetime) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"Tongke CA {secrets.token_hex(3)} on {socket.gethostname()}")
    cert = (
        _builder(name, name, key.public_key(), now, CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(ca=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return cert, key


def _make_server(ca: _Pair, alternatives: list[x509.GeneralName], now: datetime.datetime) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    authority, signer = ca
    cert = (
        _builder(_name("Tongke server"), authority.subject, key.public_key(), now, SERVER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(ca=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .sign(signer, hashes.SHA256())
    )
    return cert, key


def _alternatives(names: Iterable[str]) -> list[x509.GeneralName]:
    found: dict[str, x509.GeneralName] = {}
    for name in names:
        try:
            address = ipaddress.ip_address(name)
            if not address.is_unspecified:
                found[str(address)] = x509.IPAddress(address)
        except ValueError:
            if name and name.isascii() and len(name) <= 253 and not set(name) & set(" /:@"):
                found[name.lower()] = x509.DNSName(name.lower())
    return list(found.values())


# ---------------------------------------------------------------- keeping


def _ends_soon(cert: x509.Certificate, now: datetime.datetime) -> bool:
    return not cert.not_valid_before_utc <= now <= cert.not_valid_after_utc - datetime.timedelta(days=RENEW_DAYS)


def _fits(cert: x509.Certificate, ca: x509.Certificate, alternatives: list[x509.GeneralName]) -> bool:
    try:
        cert.verify_directly_issued_by(ca)
        present = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return set(present) == set(alternatives)


def _load(cert_file: Path, key_file: Path) -> _Pair | None:
    """A certificate with its own P-256 key, or None when it has to be made anew."""
    try:
        cert = x509.load_pem_x509_certificate(cert_file.read_bytes())
        key = serialization.load_pem_private_key(key_file.read_bytes(), None)
    except (FileNotFoundError, ValueError, TypeError):
        return None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or cert.public_key() != key.public_key():
        return None
    return cert, key


def _pem(cert: x509.Certificate) -> bytes:
    return cert.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes, mode: int) -> None:
    """Replace a file at once; nobody reads half of it, and a key is never readable by others."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(aside, path)
    except OSError:
        aside.unlink(missing_ok=True)
        raise

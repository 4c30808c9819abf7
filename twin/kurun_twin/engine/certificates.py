"""The twin's own small certificate authority: it vouches for the gateway and for the workers that may enter."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kurun_config import ConfigurationError
from kurun_twin.data_directory import write_private

AUTHORITY_LIFE = timedelta(days=3650)
SERVER_LIFE = timedelta(days=397)
SERVER_RENEWAL = timedelta(days=30)

# Clocks of client and server differ a little, even on one machine with a virtual one.
BACKDATED = timedelta(minutes=1)

_MAX_COMMON_NAME = 64  # the limit of X.520


@dataclass(frozen=True)
class KeyPair:
    """A certificate and the private key that belongs to it, as PEM."""

    certificate: bytes
    key: bytes = field(repr=False)


class CertificateAuthority:
    """Signs the gateway's certificate and those of the workers; kept in files that only the owner can read."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, folder: Path) -> None:
        self._certificate = certificate
        self._key = key
        self._folder = folder

    @classmethod
    def open(cls, folder: Path) -> "CertificateAuthority":
        """Read the authority from ``folder``, or make it there at the first start.

        Raises:
            ConfigurationError: The files are there but hold no certificate and key that belong together.
        """
        try:
            return cls._open(folder)
        except (OSError, ValueError) as error:
            raise ConfigurationError(f"{folder}: cannot be used for the twin's certificates: {error}") from None

    @classmethod
    def _open(cls, folder: Path) -> "CertificateAuthority":
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = _read(folder / "ca.pem")
        if kept is None:
            kept = _make_authority()
            _write(folder / "ca.pem", kept)
        certificate = x509.load_pem_x509_certificate(kept.certificate)
        key = load_pem_private_key(kept.key, password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or certificate.public_key() != key.public_key():
            raise ValueError("ca.pem: certificate and key do not belong together")
        return cls(certificate, key, folder)

    @property
    def certificate(self) -> bytes:
        """What clients and the gateway trust, as PEM."""
        return self._certificate.public_bytes(Encoding.PEM)

    @property
    def fingerprint(self) -> str:
        """Tells this authority, and so its data directory, from every other."""
        return self._certificate.fingerprint(hashes.SHA256()).hex()[:16]

    def server(self) -> KeyPair:
        """The gateway's certificate, made anew when it is missing, near its end, or signed by another authority."""
        path = self._folder / "server.pem"
        kept = self._kept(path)
        if kept is None:
            kept = self._issue(
                "localhost",
                SERVER_LIFE,
                usage=x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
                names=[
                    x509.DNSName("localhost"),
                    x509.IPAddress(IPv4Address("127.0.0.1")),
                    x509.IPAddress(IPv6Address("::1")),
                ],
            )
            _write(path, kept)
        return kept

    def client(self, principal: str, life: timedelta) -> KeyPair:
        """A certificate with which ``principal`` may connect to the gateway, good for ``life`` from now."""
        return self._issue(principal, life, usage=x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]))

    def _kept(self, path: Path) -> KeyPair | None:
        try:
            pair = _read(path)
            if pair is None:
                return None
            certificate = x509.load_pem_x509_certificate(pair.certificate)
            certificate.verify_directly_issued_by(self._certificate)
        except (ValueError, TypeError, InvalidSignature):
            return None  # whatever is wrong with it, a new one mends it
        return pair if certificate.not_valid_after_utc - SERVER_RENEWAL > datetime.now(UTC) else None

    def _issue(
        self, common_name: str, life: timedelta, *, usage: x509.ExtendedKeyUsage, names: Sequence[x509.GeneralName] = ()
    ) -> KeyPair:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _builder(common_name, self._certificate.subject, life, key)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs=True), critical=True)
            .add_extension(usage, critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return _pair(builder.sign(self._key, hashes.SHA256()), key)


def _make_authority() -> KeyPair:
    key = ec.generate_private_key(ec.SECP256R1())
    name = "kurun dev " + datetime.now(UTC).strftime("%Y-%m-%d")
    builder = (
        _builder(name, _name(name), AUTHORITY_LIFE, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(certifies=True), critical=True)
    )
    return _pair(builder.sign(key, hashes.SHA256()), key)


def _builder(
    common_name: str, issuer: x509.Name, life: timedelta, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(common_name))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:_MAX_COMMON_NAME])])


def _key_usage(*, signs: bool = False, certifies: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certifies,
        crl_sign=certifies,
        encipher_only=False,
        decipher_only=False,
    )


def _pair(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> KeyPair:
    return KeyPair(
        certificate.public_bytes(Encoding.PEM),
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )


_KEY = b"-----BEGIN PRIVATE KEY-----"


def _read(path: Path) -> KeyPair | None:
    """One file holds both, so that a crash in between never leaves a certificate with another's key."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    certificate, found, key = content.partition(_KEY)
    if not found:
        raise ValueError(f"{path.name}: no certificate with its private key")
    return KeyPair(certificate, found + key)


def _write(path: Path, pair: KeyPair) -> None:
    write_private(path, pair.certificate + pair.key)

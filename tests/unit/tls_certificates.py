"""Certificates as servers of tests show them: good, expired, for another host, of an authority of one's own."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass
class Authority:
    """An authority of one's own.

    Attributes:
        folder: Where files are written.
        file: Its certificate as PEM, for those who trust it.
    """

    folder: Path

    def __post_init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An Authority")])
        now = datetime.now(UTC)
        constraints = x509.BasicConstraints(ca=True, path_length=0)
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        certificate = (
            self._builder(self._name, self._key.public_key(), now - timedelta(days=900), now + timedelta(days=900))
            .add_extension(constraints, critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        self.file = self.folder / "authority.pem"
        self.file.write_bytes(certificate.public_bytes(Encoding.PEM))

    def server(self, host: str = "127.0.0.1", *, days: float = 90, began: float = 30) -> ssl.SSLContext:
        """What a server needs to show a certificate for a host; it ends in so many days, and began so many ago."""
        now = datetime.now(UTC)
        key = ec.generate_private_key(ec.SECP256R1())
        name: x509.GeneralName = x509.DNSName(host) if host[0].isalpha() else x509.IPAddress(ip_address(host))
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A Server")])
        certificate = (
            self._builder(subject, key.public_key(), now - timedelta(days=began), now + timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName([name]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        file = self.folder / f"server-{certificate.serial_number}.pem"
        file.write_bytes(
            certificate.public_bytes(Encoding.PEM)
            + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(file)
        return context

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, begin: datetime, end: datetime
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
        )


@contextlib.contextmanager
def greeting(tls: ssl.SSLContext | None, *, says: bytes = b"") -> Iterator[int]:
    """A server that shakes hands with whoever comes, or answers him, and hangs up; yields its port.

    In a thread, so that each connection is wholly over, whatever became of its handshake, when the block ends.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ended = threading.Event()

        def serve() -> None:
            while True:
                peer, _ = listening.accept()
                with contextlib.suppress(OSError), contextlib.closing(peer):
                    if ended.is_set():
                        return
                    if tls is not None:
                        with tls.wrap_socket(peer, server_side=True):
                            continue
                    if says:
                        peer.recv(65536)  # what is left unread would reset the connection
                        peer.sendall(says)

        port: int = listening.getsockname()[1]
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield port
        finally:
            ended.set()
            socket.create_connection(("127.0.0.1", port)).close()
            thread.join()

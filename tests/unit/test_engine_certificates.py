"""The twin's certificate authority."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import NameOID

from kurun_config import ConfigurationError
from kurun_twin.engine import certificates
from kurun_twin.engine.certificates import CertificateAuthority


def read(pem: bytes) -> x509.Certificate:
    """The certificate in a PEM text."""
    return x509.load_pem_x509_certificate(pem)


def test_the_authority_stays_the_same_over_restarts(tmp_path: Path) -> None:
    """A second start finds the first one's authority, so that certificates handed out before stay good."""
    first = CertificateAuthority.open(tmp_path / "ca")
    second = CertificateAuthority.open(tmp_path / "ca")

    assert first.certificate == second.certificate
    assert first.fingerprint == second.fingerprint
    assert first.server() == second.server()


def test_keys_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    """Every file that holds a key has mode 0600, in a folder of mode 0700."""
    CertificateAuthority.open(tmp_path / "ca").server()
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "ca").iterdir()}

    assert {"ca.pem": 0o600, "server.pem": 0o600} == modes
    assert 0o700 == stat.S_IMODE((tmp_path / "ca").stat().st_mode)


def test_no_key_stands_in_a_representation(tmp_path: Path) -> None:
    """What a log or a traceback would show of a key pair holds no key."""
    pair = CertificateAuthority.open(tmp_path / "ca").client("worker", timedelta(hours=1))

    assert "PRIVATE" not in repr(pair)


def test_the_server_certificate_is_for_this_machine(tmp_path: Path) -> None:
    """Clients may call the gateway localhost, 127.0.0.1 or ::1."""
    certificate = read(CertificateAuthority.open(tmp_path / "ca").server().certificate)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value

    assert ["localhost"] == names.get_values_for_type(x509.DNSName)
    assert ["127.0.0.1", "::1"] == [str(address) for address in names.get_values_for_type(x509.IPAddress)]


def test_client_certificates_are_signed_named_limited_and_unique(tmp_path: Path) -> None:
    """Each carries the principal's name, the life asked for, its own serial number and its own key."""
    authority = CertificateAuthority.open(tmp_path / "ca")
    pairs = [authority.client("Acme worker", timedelta(minutes=5)) for _ in range(2)]
    first, second = (read(pair.certificate) for pair in pairs)

    first.verify_directly_issued_by(read(authority.certificate))
    assert ["Acme worker"] == [name.value for name in first.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    assert abs(first.not_valid_after_utc - datetime.now(UTC) - timedelta(minutes=5)) < timedelta(seconds=5)
    assert first.serial_number != second.serial_number
    assert load_pem_private_key(pairs[0].key, None).public_key() == first.public_key()
    assert first.public_key() != second.public_key()


def test_a_long_principal_name_is_cut(tmp_path: Path) -> None:
    """X.520 allows 64 characters; a longer name must not keep a worker from its certificate."""
    pair = CertificateAuthority.open(tmp_path / "ca").client("w" * 300, timedelta(hours=1))
    (name,) = read(pair.certificate).subject.get_attributes_for_oid(NameOID.COMMON_NAME)

    assert name.value == "w" * 64


def test_the_server_certificate_is_renewed_near_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A start within the last month of the certificate makes a new one of the same authority."""
    authority = CertificateAuthority.open(tmp_path / "ca")
    monkeypatch.setattr(certificates, "SERVER_LIFE", timedelta(days=29))
    ending = authority.server()
    monkeypatch.undo()
    renewed = authority.server()

    read(renewed.certificate).verify_directly_issued_by(read(authority.certificate))
    assert read(renewed.certificate).not_valid_after_utc > read(ending.certificate).not_valid_after_utc


def test_a_server_certificate_of_another_authority_is_replaced(tmp_path: Path) -> None:
    """With only the authority's file deleted, the gateway still ends up with a certificate that clients trust."""
    CertificateAuthority.open(tmp_path / "ca").server()
    (tmp_path / "ca" / "ca.pem").unlink()
    authority = CertificateAuthority.open(tmp_path / "ca")

    read(authority.server().certificate).verify_directly_issued_by(read(authority.certificate))


@pytest.mark.parametrize("content", [b"", b"nonsense", b"-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_a_broken_authority_is_a_configuration_error(tmp_path: Path, content: bytes) -> None:
    """A damaged file is named instead of being replaced silently, which would void every certificate."""
    (tmp_path / "ca.pem").write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        CertificateAuthority.open(tmp_path)

    assert str(tmp_path) in str(caught.value)

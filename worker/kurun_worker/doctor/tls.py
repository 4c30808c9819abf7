"""Whether hosts can be reached, and whether their certificates are to be trusted."""

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509

from kurun_clients.http.trust import trusting
from kurun_clients.threads import in_own_thread
from kurun_config import ConfigurationError, variable
from kurun_worker.doctor.checks import Check
from kurun_worker.doctor.names import name_of
from kurun_worker.doctor.places import Place
from kurun_worker.doctor.report import Verdict, failed, misconfigured, ok, warning
from kurun_worker.reasons import line

SOON: Final = timedelta(days=14)
"""Certificates that end before that are worth a warning."""
_CONNECT_SECONDS: Final = 5.0
_LONGEST_HEAD: Final = 16 * 1024

_NOT_YET_VALID, _EXPIRED, _WRONG_NAME, _WRONG_ADDRESS = 9, 10, 62, 64  # of OpenSSL's X509_V_ERR_…


@dataclass(frozen=True)
class Trust:
    """Whom a connection trusts.

    Attributes:
        context: Makes what the connection is secured with; raises a ConfigurationError.
        setting: The setting for a file of authorities, as ``section.field``, if there is one.
    """

    context: Callable[[], ssl.SSLContext] = field(default=ssl.create_default_context)
    setting: str | None = None

    @classmethod
    def of(cls, ca_file: Path | None, setting: str) -> "Trust":
        """The system's authorities, or those of a file."""
        if ca_file is None:
            return cls(setting=setting)
        return cls(lambda: trusting(ca_file, setting=setting), setting)


def connection_check(place: Place, trust: Trust, *, needs: tuple[str, ...] = ()) -> Check:
    """Connects to a place, and looks at its certificate where it speaks TLS."""
    return Check(connection_of(place), lambda: _look(place, trust), needs=(name_of(place), *needs))


def connection_of(place: Place) -> str:
    """What the report calls it."""
    return f"TLS of {place.title}" if place.tls else f"connection to {place.title}"


async def _look(place: Place, trust: Trust) -> Verdict:
    try:
        return await in_own_thread(lambda: _connect(place, trust))
    except ConfigurationError as error:
        return misconfigured(str(error), "name a readable file with PEM certificates of authorities")


def _connect(place: Place, trust: Trust) -> Verdict:
    context = trust.context() if place.tls else None
    try:
        with _open(place) as plain:
            if context is None:
                return ok(f"{place} accepts connections{_by_proxy(place)}, without TLS")
            try:
                with context.wrap_socket(plain, server_hostname=place.host) as secured:
                    return _judged(place, secured)
            except ssl.SSLCertVerificationError as error:
                return _untrusted(place, trust, error)
            except (ssl.SSLError, TimeoutError) as error:
                said = error.reason if isinstance(error, ssl.SSLError) else "no answer to the handshake"
                fix = f"see whether {place} speaks TLS, and whether {place.variable} is right{_proxy_hint(place)}"
                return failed(f"{place} and this machine do not agree on TLS: {said}", fix)
    except OSError as error:
        said = error.strerror or line(error)
        where = f"the proxy {_text(place.way)}" if place.proxy else str(place)
        fix = f"check {place.variable}, the firewall, and whether the service runs{_proxy_hint(place)}"
        return failed(f"{where} cannot be reached: {said}", fix)


def _open(place: Place) -> socket.socket:
    connection = socket.create_connection(place.way, timeout=_CONNECT_SECONDS)
    if place.proxy is None or not place.tls:
        return connection
    try:
        _ask_proxy(connection, place)
    except BaseException:
        connection.close()
        raise
    return connection


def _ask_proxy(connection: socket.socket, place: Place) -> None:
    connection.sendall(f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n".encode("ascii"))
    head = b""
    while b"\r\n\r\n" not in head and len(head) < _LONGEST_HEAD:
        chunk = connection.recv(1)  # and not a byte of what the host itself sends
        if not chunk:
            break
        head += chunk
    status = head.split(b"\r\n", 1)[0].decode("latin-1")
    if " 200" not in status:
        raise OSError(f"it refuses to connect to {place}: {status or 'no answer'}")


def _judged(place: Place, secured: ssl.SSLSocket) -> Verdict:
    certificate = secured.getpeercert() or {}
    end = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    said = f"{place} is trusted{_by_proxy(place)} ({secured.version()}), {until(end)}"
    if end - datetime.now(UTC) < SOON:
        return warning(said, f"have the certificate of {place.host} renewed before that")
    return ok(said)


def until(end: datetime) -> str:
    """When a certificate ends, with the days that are left."""
    left = end - datetime.now(UTC)
    days = f"{left.days} days" if left >= timedelta(days=2) else f"{left.total_seconds() / 3600:.1f} hours"
    return f"certificate valid until {end:%Y-%m-%d %H:%M} UTC, {days} left"


def _untrusted(place: Place, trust: Trust, error: ssl.SSLCertVerificationError) -> Verdict:
    seen = _certificate(place)
    match error.verify_code:
        case code if code == _EXPIRED and seen is not None:
            end = seen.not_valid_after_utc
            ago = datetime.now(UTC) - end
            said = f"the certificate of {place} has expired on {end:%Y-%m-%d}, {ago.days} days ago"
            return failed(said, f"have it renewed by whoever runs {place.host}; check this machine's clock too")
        case code if code == _NOT_YET_VALID and seen is not None:
            said = f"the certificate of {place} is valid only from {seen.not_valid_before_utc:%Y-%m-%d %H:%M} UTC on"
            return failed(said, "check this machine's clock")
        case code if code in (_WRONG_NAME, _WRONG_ADDRESS) and seen is not None:
            names = ", ".join(_names(seen)) or "no name at all"
            said = f"the certificate of {place} is for {names}, not for {place.host}"
            return failed(said, f"put the name of the certificate into {place.variable}, or have it issued anew")
        case _:
            issuer = f" (issued by {seen.issuer.rfc4514_string()})" if seen is not None else ""
            said = f"the certificate of {place} is not trusted{issuer}: {error.verify_message}"
            return failed(said, _authority_hint(trust))


def _authority_hint(trust: Trust) -> str:
    if trust.setting is None:
        return "the authority that KuFlow named does not vouch for it: see whether the address is the engine's own"
    return (
        f"if it belongs to your own authority, or to a proxy that opens TLS, name its PEM file in "
        f"{variable(trust.setting)}"
    )


def _certificate(place: Place) -> x509.Certificate | None:
    """What the host shows to those who trust everyone; only to say what is wrong with it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with _open(place) as plain, context.wrap_socket(plain, server_hostname=place.host) as secured:
            return x509.load_der_x509_certificate(secured.getpeercert(binary_form=True) or b"")
    except (OSError, ValueError):
        return None


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    addresses = [str(each) for each in names.get_values_for_type(x509.IPAddress)]
    return [*names.get_values_for_type(x509.DNSName), *addresses]


def _by_proxy(place: Place) -> str:
    return f" through the proxy {_text(place.way)}" if place.proxy else ""


def _proxy_hint(place: Place) -> str:
    if place.proxy:
        return (
            f"; the proxy {_text(place.way)} is that of HTTPS_PROXY or HTTP_PROXY: NO_PROXY={place.host} goes past it"
        )
    if place.setting == "engine.address":
        return ""
    return "; if the way out is a proxy, set HTTPS_PROXY"


def _text(way: tuple[str, int]) -> str:
    return f"{way[0]}:{way[1]}"

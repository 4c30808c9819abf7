"""How settings make the client of the K2 Services, and what it shows of itself."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kurun_clients.http.auth import BasicAuth
from kurun_clients.k2 import ServicesClient as Exported
from kurun_clients.k2.services import NegotiateAuth, ServicesClient
from kurun_config import ConfigurationError, K2ServicesAuthentication, K2Settings
from tests.unit.loopback import answering, serving, status

COMPLETE = {"services_endpoint": "https://k2.example.com/K2Services", "user": "ACME\\Bob", "password": "hunter2"}


def _settings(**changes: Any) -> K2Settings:
    return K2Settings.model_validate(COMPLETE | changes)


@pytest.mark.parametrize(
    ("missing", "variable"),
    [
        ("services_endpoint", "KURUN_K2_SERVICES_ENDPOINT"),
        ("user", "KURUN_K2_USER"),
        ("password", "KURUN_K2_PASSWORD"),
    ],
)
@pytest.mark.parametrize("scheme", K2ServicesAuthentication)
def test_a_missing_setting_is_named(missing: str, variable: str, scheme: K2ServicesAuthentication) -> None:
    """The message says what to set."""
    with pytest.raises(ConfigurationError, match=variable):
        ServicesClient.from_settings(_settings(**{missing: None}, services_authentication=scheme))


def test_authorities_that_cannot_be_read(tmp_path: Path) -> None:
    """A file of authorities that is none is the setting's fault."""
    with pytest.raises(ConfigurationError, match="KURUN_K2_CA_FILE"):
        ServicesClient.from_settings(_settings(ca_file=tmp_path / "nothing.pem"))


@pytest.mark.parametrize(
    ("scheme", "shown"),
    [
        (K2ServicesAuthentication.BASIC, "Basic"),
        (K2ServicesAuthentication.NTLM, "NTLM"),
        (K2ServicesAuthentication.NEGOTIATE, "Negotiate"),
    ],
)
async def test_authentication_by_settings(scheme: K2ServicesAuthentication, shown: str) -> None:
    """Each scheme has its auth; a handshake that is bound to a connection gets one connection."""
    async with ServicesClient.from_settings(_settings(services_authentication=scheme, max_connections=7)) as k2:
        auth, transport = k2._client._auth, k2._client._transport

    assert auth is not None
    assert shown == (auth.scheme if isinstance(auth, BasicAuth | NegotiateAuth) else None)
    slots = transport._slots  # type: ignore[attr-defined]
    assert (7 if scheme is K2ServicesAuthentication.BASIC else 1) == slots._value


async def test_the_settings_are_used() -> None:
    """Address, account and the largest list come from the settings."""
    item = b"<WorklistItemCollection><WorklistItem SerialNumber='1_2'/></WorklistItemCollection>"
    async with serving(answering(status(200, item))) as server:
        settings = _settings(services_endpoint=f"{server.url}/K2Services/", max_list_bytes=len(item))
        async with ServicesClient.from_settings(settings) as k2:
            found = await k2.worklist.find()

    assert ["1_2"] == [each.serial_number for each in found]
    assert "/K2Services/REST.svc/Worklist/Items" == server.received[0].target
    assert server.received[0].headers["authorization"].startswith("Basic ")


def test_nothing_shows_the_password() -> None:
    """Neither the client nor what it authenticates with."""
    for scheme in K2ServicesAuthentication:
        client = ServicesClient.from_settings(_settings(services_authentication=scheme))

        assert "hunter2" not in f"{client!r} {client._client._auth!r}"
        assert "ServicesClient('https://k2.example.com/K2Services')" == repr(client)


def test_it_is_exported() -> None:
    """One name, beside the client of the Workflow REST API."""
    assert Exported is ServicesClient


def test_nobody_loads_it_who_does_not_use_it() -> None:
    """The libraries of the extra are not touched by the rest of the clients."""
    code = (
        "import sys, kurun_clients.http, kurun_clients.kuflow, kurun_clients.k2;"
        "print([name for name in ('lxml', 'spnego') if name in sys.modules])"
    )

    shown = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )

    assert "[]" == shown.stdout.strip()

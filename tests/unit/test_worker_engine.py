"""The lives of engine credentials, the worker's address, and what the sandbox passes through."""

import ipaddress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from temporalio.service import ConnectConfig
from temporalio.worker import UnsandboxedWorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from kurun_clients.kuflow.models import (
    Authentication,
    AuthenticationType,
    EngineCertificate,
    EngineCertificateTls,
    EngineToken,
)
from kurun_worker.address import UNKNOWN, catalogue_form, local_ip
from kurun_worker.engine import CERTIFICATE_LIFE_FALLBACK, certificate_life, own_authorization, token_life
from kurun_worker.reasons import engine_reason
from kurun_worker.sandbox import PASSED_THROUGH, workflow_runner

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
FALLBACK = timedelta(minutes=5)


def answer(expired_at: datetime | None, created_at: datetime | None = None) -> Authentication:
    """What POST /authentications says."""
    return Authentication(
        type=AuthenticationType.ENGINE_TOKEN,
        created_at=created_at,
        engine_token=EngineToken(token="t", expired_at=expired_at),
    )


@pytest.mark.parametrize(
    ("expired_at", "created_at", "life"),
    [
        (NOW + timedelta(seconds=60), None, timedelta(seconds=60)),
        (NOW + timedelta(seconds=60), NOW, timedelta(seconds=60)),
        (None, None, FALLBACK),
        (NOW - timedelta(seconds=1), None, FALLBACK),
        # Our clock is an hour fast: KuFlow's own two dates tell the life.
        (NOW - timedelta(minutes=59), NOW - timedelta(minutes=60), timedelta(minutes=1)),
        # Our clock is an hour slow.
        (NOW + timedelta(minutes=61), NOW + timedelta(minutes=60), timedelta(minutes=1)),
        ((NOW + timedelta(seconds=60)).replace(tzinfo=None), None, timedelta(seconds=60)),
    ],
)
def test_the_life_of_a_token(expired_at: datetime | None, created_at: datetime | None, life: timedelta) -> None:
    """A missing or past expiry is replaced by an assumption, and wrong clocks do little harm."""
    assert token_life(answer(expired_at, created_at), NOW, FALLBACK) == life


def certificate(end: datetime) -> EngineCertificate:
    """A client certificate that ends then."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "worker")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(end)
        .sign(key, hashes.SHA256())
    )
    return pem(made.public_bytes(serialization.Encoding.PEM).decode())


def pem(text: str) -> EngineCertificate:
    """What KuFlow hands out."""
    tls = EngineCertificateTls(server_root_ca_certificate="", client_certificate=text, client_private_key="")
    return EngineCertificate(namespace="acme", tls=tls)


def test_the_life_of_a_certificate_is_its_own() -> None:
    """KuFlow's answer has no expiry; the certificate has."""
    assert certificate_life(certificate(NOW + timedelta(hours=3)), NOW) == timedelta(hours=3)


def test_a_certificate_without_a_usable_end_is_renewed_daily() -> None:
    """An unreadable or past end must neither stop the worker nor make it ask all the time."""
    assert certificate_life(pem("no certificate"), NOW) == CERTIFICATE_LIFE_FALLBACK
    assert certificate_life(certificate(NOW - timedelta(hours=1)), NOW) == CERTIFICATE_LIFE_FALLBACK


@pytest.mark.parametrize(
    ("config", "own"),
    [
        (ConnectConfig("host:1"), False),
        (ConnectConfig("host:1", rpc_metadata={"tenant": "a"}), False),
        (ConnectConfig("host:1", rpc_metadata={"Authorization": "mine"}), True),
        (ConnectConfig("host:1", api_key="mine"), True),
    ],
)
def test_an_authorization_of_the_caller_is_recognised(config: ConnectConfig, own: bool) -> None:
    """Who authorizes himself is left alone."""
    assert own_authorization(config) is own


@given(st.ip_addresses())
def test_every_address_fits_into_the_catalogue(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    """KuFlow wants 7 to 40 characters; ``::1`` is written out."""
    form = catalogue_form(str(address))

    assert 7 <= len(form) <= 40
    assert ipaddress.ip_address(form) == address


def test_a_zone_is_no_part_of_an_address() -> None:
    """Link-local addresses carry the name of an interface."""
    assert catalogue_form("fe80::1%eth0") == "fe80::1"


async def test_the_address_towards_an_endpoint_is_found_without_sending() -> None:
    """Nothing listens there, and the routing table still answers."""
    assert await local_ip("http://127.0.0.1:9/v1") == "127.0.0.1"
    assert await local_ip("http://[::1]:9/v1") in {"0000:0000:0000:0000:0000:0000:0000:0001", UNKNOWN}


def test_the_default_runner_passes_our_modules_through_each_for_a_reason() -> None:
    """The list is precise: what is not on it is loaded inside the sandbox."""
    runner = workflow_runner(SandboxedWorkflowRunner(), sandbox=True)

    assert isinstance(runner, SandboxedWorkflowRunner)
    added = runner.restrictions.passthrough_modules - SandboxRestrictions.passthrough_modules_default
    assert added <= set(PASSED_THROUGH)
    assert all(PASSED_THROUGH.values())


def test_a_sandbox_of_the_caller_keeps_its_restrictions() -> None:
    """It only gains our modules, also where the settings would go without a sandbox."""
    own = SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules("acme"))

    for sandbox in (True, False):
        runner = workflow_runner(own, sandbox=sandbox)

        assert isinstance(runner, SandboxedWorkflowRunner)
        assert {"acme", "kurun_workflows"} <= runner.restrictions.passthrough_modules


def test_a_runner_of_the_caller_stays_and_the_setting_switches_the_default_off() -> None:
    """Trusted code runs without the sandbox when the settings say so."""
    own = UnsandboxedWorkflowRunner()

    assert workflow_runner(own, sandbox=True) is own
    assert isinstance(workflow_runner(SandboxedWorkflowRunner(), sandbox=False), UnsandboxedWorkflowRunner)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ('error: tonic(ConnectError("tcp", Os { code: 111, message: "Connection refused" }))', "Connection refused"),
        ("ConnectError(Custom { error: InvalidCertificate(UnknownIssuer) })", "InvalidCertificate(UnknownIssuer)"),
        ("Activity worker\nfailed", "Activity worker failed"),
    ],
)
def test_the_reason_of_the_core_is_told_without_its_structures(said: str, reason: str) -> None:
    """Temporal's core reports errors as Rust prints them; a person needs the sentence inside."""
    assert engine_reason(RuntimeError(said)) == reason

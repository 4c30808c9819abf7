"""Connections and certificates, against servers that really speak TLS."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kurun_config import Settings
from kurun_worker.doctor.names import name_check
from kurun_worker.doctor.places import Place, k2_places
from kurun_worker.doctor.report import Fault, Outcome, Verdict
from kurun_worker.doctor.tls import Trust, connection_check
from tests.unit.tls_certificates import Authority, greeting


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that no machine trusts by itself."""
    return Authority(tmp_path_factory.mktemp("authority"))


@contextmanager
def server(tls: ssl.SSLContext | None) -> Iterator[Place]:
    """A server, as the settings would name it."""
    with greeting(tls) as port:
        yield Place.of("KuFlow", "kuflow.endpoint", f"{'https' if tls else 'http'}://127.0.0.1:{port}")


async def looked_at(place: Place, trusted: Path | None) -> Verdict:
    """What the check says."""
    return await connection_check(place, Trust.of(trusted, "kuflow.ca_file")).look()


async def test_a_good_certificate_is_told_with_its_end(authority: Authority) -> None:
    """Whoever reads it knows when to look again."""
    with server(authority.server(days=90)) as place:
        verdict = await looked_at(place, authority.file)

    assert verdict.outcome is Outcome.OK
    assert f"{place} is trusted (TLSv1.3), certificate valid until 2" in verdict.said
    assert verdict.said.endswith("89 days left")


async def test_a_certificate_that_ends_soon_is_a_warning(authority: Authority) -> None:
    """There is time to renew it."""
    with server(authority.server(days=1.1)) as place:
        verdict = await looked_at(place, authority.file)

    assert verdict.outcome is Outcome.WARNING
    assert "hours left" in verdict.said
    assert "renewed before that" in verdict.fix


@pytest.mark.parametrize(
    ("shown", "said", "fix"),
    [
        ({"days": -3}, "has expired on 2", "clock"),
        ({"days": 30, "began": -2}, "is valid only from 2", "clock"),
        ({"host": "elsewhere.example"}, "is for elsewhere.example, not for 127.0.0.1", "KURUN_KUFLOW_ENDPOINT"),
    ],
)
async def test_a_bad_certificate_is_told_with_what_is_bad(
    authority: Authority, shown: dict[str, float], said: str, fix: str
) -> None:
    """Not with OpenSSL's words alone: dates, names, and where to change something."""
    with server(authority.server(**shown)) as place:  # type: ignore[arg-type]
        verdict = await looked_at(place, authority.file)

    assert (verdict.outcome, verdict.fault) == (Outcome.FAILED, Fault.OUTSIDE)
    assert said in verdict.said
    assert fix in verdict.fix


async def test_an_unknown_authority_is_named_with_the_setting_for_it(authority: Authority) -> None:
    """As behind a proxy that opens TLS."""
    with server(authority.server()) as place:
        verdict = await looked_at(place, None)

    assert verdict.outcome is Outcome.FAILED
    assert "issued by CN=An Authority" in verdict.said
    assert "KURUN_KUFLOW_CA_FILE" in verdict.fix


@pytest.mark.parametrize("content", [None, "no certificate"])
async def test_a_file_of_authorities_that_cannot_be_read_is_a_setting(tmp_path: Path, content: str | None) -> None:
    """Nobody is asked then."""
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)

    verdict = await looked_at(Place("KuFlow", "kuflow.endpoint", "127.0.0.1", 9), file)

    assert (verdict.outcome, verdict.fault) == (Outcome.FAILED, Fault.CONFIGURATION)
    assert "KURUN_KUFLOW_CA_FILE" in verdict.said


async def test_a_server_without_tls_is_told_apart(authority: Authority) -> None:
    """An address with the wrong scheme or port."""
    with greeting(None, says=b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        verdict = await looked_at(Place("KuFlow", "kuflow.endpoint", "127.0.0.1", port), authority.file)

    assert verdict.outcome is Outcome.FAILED
    assert "do not agree on TLS" in verdict.said


async def test_plain_http_is_only_connected_to() -> None:
    """There is no certificate to look at."""
    with server(None) as place:
        verdict = await looked_at(place, None)

    assert verdict == Verdict(Outcome.OK, f"{place} accepts connections, without TLS")


async def test_a_closed_port_is_told_with_the_setting_and_the_proxy() -> None:
    """The ways out of it that there are."""
    verdict = await looked_at(Place("KuFlow", "kuflow.endpoint", "127.0.0.1", 9), None)

    assert (verdict.outcome, verdict.said) == (Outcome.FAILED, "127.0.0.1:9 cannot be reached: Connection refused")
    assert "KURUN_KUFLOW_ENDPOINT" in verdict.fix
    assert "HTTPS_PROXY" in verdict.fix


async def test_a_proxy_of_the_environment_is_gone_through(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the worker's own requests do; and a proxy that refuses is told as such."""
    with greeting(None, says=b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n") as port:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{port}")
        monkeypatch.delenv("no_proxy", raising=False)
        verdict = await looked_at(Place.of("KuFlow", "kuflow.endpoint", "https://api.kuflow.test/v1"), authority.file)

    assert verdict.outcome is Outcome.FAILED
    assert "refuses to connect to api.kuflow.test:443: HTTP/1.1 407" in verdict.said
    assert "NO_PROXY=api.kuflow.test" in verdict.fix


async def test_a_name_that_nobody_knows_is_told_with_its_setting() -> None:
    """`.invalid` is nobody's by definition."""
    verdict = await name_check(Place.of("KuFlow", "kuflow.endpoint", "https://nobody.invalid/v1")).look()

    assert (verdict.outcome, verdict.fault) == (Outcome.FAILED, Fault.OUTSIDE)
    assert verdict.said.startswith("nobody.invalid cannot be resolved: ")
    assert "KURUN_KUFLOW_ENDPOINT" in verdict.fix


async def test_a_name_is_told_with_its_addresses() -> None:
    """What this machine makes of it."""
    verdict = await name_check(Place.of("KuFlow", "kuflow.endpoint", "http://localhost:1/v1")).look()

    assert verdict.outcome is Outcome.OK
    assert "localhost is " in verdict.said


def test_hosts_of_k2_are_looked_at_once_each() -> None:
    """Both of its APIs mostly live on one."""
    settings = Settings.model_validate(
        {
            "k2": {
                "endpoint": "https://k2.example.com/api/workflow/v1",
                "services_endpoint": "https://k2.example.com/K2Services",
                "oauth_token_url": "https://login.example.com/token",
            }
        }
    )

    assert [str(place) for place in k2_places(settings)] == ["k2.example.com:443", "login.example.com:443"]

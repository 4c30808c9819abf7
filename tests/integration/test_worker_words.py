"""What the daemon says of its start and of renewals that fail."""

from datetime import timedelta

import structlog

from kurun_config import K2Settings, variable
from tests.integration.conftest import TwinFactory
from tests.integration.worker_host import refusals, running_daemon, settings_for
from tests.waiting import until


async def test_a_worker_without_modules_says_so(twin_factory: TwinFactory) -> None:
    """It serves, but hardly what was meant."""
    with structlog.testing.capture_logs() as logs:
        async with twin_factory() as twin, running_daemon(settings_for(twin, modules="")):
            await until(lambda: [each for each in logs if each["event"] == "polling"])

    (warning,) = [each for each in logs if each["log_level"] == "warning"]
    assert warning["event"] == "no modules are named: only KuFlow's activities are served"
    assert warning["setting"] == variable("worker.modules")


async def test_a_worker_for_k2_needs_no_modules(twin_factory: TwinFactory) -> None:
    """K2's ready-made workflows are enough to serve: it says so, and does not warn."""
    async with twin_factory() as twin:
        settings = settings_for(twin, modules="")
        k2 = K2Settings.model_validate({"endpoint": "http://127.0.0.1:9/api/workflow/v1", "user": "u", "password": "p"})
        with structlog.testing.capture_logs() as logs:
            async with running_daemon(settings.model_copy(update={"k2": k2})):
                await until(lambda: [each for each in logs if each["event"] == "polling"])

    [said] = [each for each in logs if each["event"].startswith("no modules are named")]
    assert said["log_level"] == "info"
    assert "K2's ready-made workflows" in said["event"]


async def test_a_certificate_that_cannot_be_put_to_use_is_no_traceback(twin_factory: TwinFactory) -> None:
    """While the engine refuses the token, each failure is one line at most; then the certificate is renewed."""

    def about(event: str) -> list[structlog.typing.EventDict]:
        return [
            each
            for each in logs
            if each["event"] == event and each.get("credential", "engine certificate") == "engine certificate"
        ]

    with structlog.testing.capture_logs() as logs:
        async with twin_factory(certificate_life=timedelta(seconds=4)) as twin, running_daemon(settings_for(twin)):
            await until(lambda: about("polling"))
            twin.gateway.refuse(60)
            await until(lambda: sum(refusals(twin).get("GetSystemInfo", {}).values()) >= 2)
            twin.gateway.refuse(0)
            await until(lambda: about("engine certificate renewed"))

    failures = about("renewal fails")
    assert not any("exc_info" in each for each in failures)
    assert all("\n" not in str(each["error"]) for each in failures)
    assert failures[0]["error"] == (
        "no connection to the engine with the new certificate: engine token refused: the scenario says so"
    )

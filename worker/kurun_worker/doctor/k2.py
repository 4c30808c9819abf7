"""Whether K2 lets this worker in: one read of each of its services."""

from collections.abc import Awaitable, Callable

from kurun_clients.http import ApiError
from kurun_config import ConfigurationError, K2Authentication, K2Settings, variable
from kurun_worker.doctor.checks import Check
from kurun_worker.doctor.places import Place
from kurun_worker.doctor.report import Verdict, failed, misconfigured, ok
from kurun_worker.doctor.tls import Trust, connection_check, connection_of
from kurun_worker.k2 import K2Part
from kurun_worker.reasons import line

SETTINGS = "settings of K2"


def k2_checks(settings: K2Settings, places: list[Place]) -> list[Check]:
    """None where neither of K2's addresses is set, and none is needed."""
    wanted = settings.endpoint is not None or settings.services_endpoint is not None
    if not wanted and not settings.watch and settings.mirror_process_definition_id is None:
        return []
    checks = [Check(SETTINGS, lambda: _settings(settings), needs=("extra k2",))]
    trust = Trust.of(settings.ca_file, "k2.ca_file")
    checks += [connection_check(place, trust) for place in places]
    reached = tuple(connection_of(place) for place in places)
    if settings.endpoint is not None:
        checks.append(Check("K2 Workflow REST API", lambda: _workflow_api(settings), needs=(SETTINGS, *reached)))
    if settings.services_endpoint is not None:
        checks.append(Check("K2 Services", lambda: _services(settings), needs=(SETTINGS, *reached)))
    return checks


async def _settings(settings: K2Settings) -> Verdict:
    try:
        part = K2Part.of(settings)
    except ConfigurationError as error:
        return misconfigured(str(error))
    if part is not None:
        await part.aclose()
    return ok(f"account {settings.account}, {settings.authentication.value}")


async def _workflow_api(settings: K2Settings) -> Verdict:
    from kurun_clients.k2.workflow_api.client import WorkflowClient  # noqa: PLC0415 - without K2 none of it is imported

    async def read() -> Verdict:
        async with WorkflowClient.from_settings(settings) as k2:
            listed = await k2.tasks.find(settings.watch_state)
        return ok(f"lets us in and lists {len(listed.tasks)} tasks")

    return await _asked(read, "k2.endpoint", settings)


async def _services(settings: K2Settings) -> Verdict:
    from kurun_clients.k2.services.client import ServicesClient  # noqa: PLC0415 - as above

    async def read() -> Verdict:
        async with ServicesClient.from_settings(settings) as k2:
            return ok(f"let us in as {await k2.core.who_am_i()}")

    return await _asked(read, "k2.services_endpoint", settings)


async def _asked(read: Callable[[], Awaitable[Verdict]], setting: str, settings: K2Settings) -> Verdict:
    from kurun_clients.k2.errors import AuthenticationRefused, LoginRequired, Refused, Temporary  # noqa: PLC0415

    try:
        return await read()
    except LoginRequired as error:
        return misconfigured(line(error), "run `kurun k2 login`")
    except AuthenticationRefused as error:
        by_login = settings.authentication is K2Authentication.OAUTH and setting == "k2.endpoint"
        named = "the login" if by_login else f"{variable('k2.user')} and {variable('k2.password')}"
        return misconfigured(line(error), f"check {named}, and the account's rights in K2")
    except Refused as error:
        return misconfigured(line(error), f"check {variable(setting)} and {variable('k2.watch_state')}")
    except Temporary as error:
        return failed(line(error), f"check {variable(setting)}, and whether K2 is up")
    except ApiError as error:
        return failed(line(error), "see K2's own log")

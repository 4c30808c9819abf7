"""All checks for some settings, in the order in which they are told."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from kurun_clients.kuflow import KuFlowClient
from kurun_config import ConfigurationError, EngineCredentials, Loaded, Settings
from kurun_worker.doctor import clock
from kurun_worker.doctor.checks import SECONDS, Check
from kurun_worker.doctor.engine import EngineSide
from kurun_worker.doctor.extras import extra_checks
from kurun_worker.doctor.folders import folder_checks
from kurun_worker.doctor.health import health_checks
from kurun_worker.doctor.k2 import k2_checks
from kurun_worker.doctor.kuflow import KuFlowSide
from kurun_worker.doctor.modules import module_checks
from kurun_worker.doctor.names import name_check
from kurun_worker.doctor.places import Place, engine_place, k2_places, kuflow_place
from kurun_worker.doctor.report import Verdict
from kurun_worker.doctor.robots import robot_checks
from kurun_worker.doctor.settings import REQUIRED, settings_checks
from kurun_worker.doctor.tls import Trust, connection_check, connection_of

CREDENTIALS = "credentials"
CERTIFICATE = "engine certificate"
NAMESPACE = "namespace"
TASK_QUEUE = "task queue"
TENANT = "tenant"


@asynccontextmanager
async def all_checks(loaded: Loaded, *, learn: Callable[[str], None]) -> AsyncIterator[list[Check]]:
    """The checks for these settings; what they share is closed at the end.

    Args:
        loaded: The settings, and where they come from.
        learn: Told secrets that come up, which must not be seen.
    """
    settings = loaded.settings
    kuflow, engine, k2 = kuflow_place(settings), engine_place(settings), k2_places(settings)
    async with AsyncExitStack() as stack:
        side = None
        with suppress(ConfigurationError):  # the check of required settings tells it
            client = await stack.enter_async_context(KuFlowClient.from_settings(settings.kuflow))
            side = KuFlowSide(settings.kuflow, client, learn)
        yield [
            *settings_checks(loaded),
            *extra_checks(settings),
            *(name_check(place) for place in (kuflow, engine, *k2)),
            connection_check(kuflow, Trust.of(settings.kuflow.ca_file, "kuflow.ca_file")),
            Check("clock", lambda: clock.look(settings.kuflow), needs=(connection_of(kuflow),)),
            *_access_checks(settings, kuflow, engine, side),
            *module_checks(settings.worker.modules, sandbox=settings.worker.sandbox),
            *folder_checks(settings),
            *health_checks(settings.health, settings.worker.task_queue or ""),
            *robot_checks(settings),
            *k2_checks(settings.k2, k2),
        ]


async def _never() -> Verdict:
    raise AssertionError


def _access_checks(settings: Settings, kuflow: Place, engine: Place, side: KuFlowSide | None) -> list[Check]:
    if side is None:
        return [Check(name, _never, needs=(REQUIRED,)) for name in (CREDENTIALS, TENANT, NAMESPACE, TASK_QUEUE)]
    inside = EngineSide(settings, side)
    patience = SECONDS + settings.engine.connect_timeout.total_seconds()
    reached = (connection_of(kuflow),)
    if settings.engine.credentials is EngineCredentials.NONE:
        bare = Place(engine.title, engine.setting, engine.host, engine.port, tls=False)
        ways, needs = [connection_check(bare, Trust())], [connection_of(bare)]
    else:
        ways = [
            Check(CERTIFICATE, inside.certificate, needs=(*reached, CREDENTIALS)),
            connection_check(engine, Trust(inside.context), needs=(CERTIFICATE,)),
        ]
        needs = [CREDENTIALS, CERTIFICATE, connection_of(engine)]
    return [
        Check(CREDENTIALS, side.credentials, needs=reached),
        Check(TENANT, side.tenant, needs=reached),
        *ways,
        Check(NAMESPACE, inside.enter, needs=tuple(needs), seconds=patience),
        Check(TASK_QUEUE, inside.task_queue, needs=(REQUIRED, NAMESPACE)),
    ]

"""``kurun replay``."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kurun_config import (
    ConfigurationError,
    EngineCredentials,
    LogLevel,
    LogSettings,
    Settings,
    TracingSettings,
    require,
)
from kurun_worker.cli.errors import EXIT_FAILURE
from kurun_worker.cli.errors import report as report_error
from kurun_worker.cli.options import loaded, settings_options

if TYPE_CHECKING:
    from temporalio.client import Client
    from temporalio.runtime import Runtime

    from kurun_worker.modules import Definitions
    from kurun_worker.plugin import KuFlowPlugin
    from kurun_worker.redaction import Redactor
    from kurun_worker.replaying import Recorded, Report, Wanted


@click.command("replay", short_help="Check that running processes would survive your workflows of today.")
@click.argument("histories", nargs=-1, type=click.Path(path_type=Path))
@click.option("--query", metavar="QUERY", help="Visibility query: replay what it finds instead of the task queue's.")
@click.option("--limit", type=click.IntRange(1), default=1000, show_default=True, help="Running workflows at most.")
@click.option("--closed", type=click.IntRange(0), default=50, show_default=True, help="And so many that ended last.")
@click.option("--save", type=click.Path(path_type=Path), metavar="FOLDER", help="Keep the histories read as files.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON instead of lines.")
@settings_options
def command(
    config: Path | None,
    *,
    histories: tuple[Path, ...],
    query: str | None,
    limit: int,
    closed: int,
    save: Path | None,
    as_json: bool,
    **flags: str | None,
) -> int:
    """Replay histories with the workflows of --worker-modules, and say which of them they would break.

    HISTORIES are files or folders of JSON, as --save, Temporal's command line and its web page write them; without them
    they are read from the engine: what runs on the task queue, and what ended last. Run it before a new version of a
    workflow goes out. Exit code 1: something would break: other steps, or a step that asks KuFlow or K2 for something
    else. A step whose input differs otherwise, a text for instance, is told as "changed", and what would break only in
    the engine's ended ones as "ended": nothing of them runs. Every file counts, as somebody keeps it for that.
    """
    settings = loaded(config, flags).settings
    # Imported here: `kurun replay --help` and a wrong setting need no Temporal.
    from kurun_worker import logs  # noqa: PLC0415
    from kurun_worker.departure import STOP_MARGIN, Departure  # noqa: PLC0415
    from kurun_worker.modules import current_folder_on_path  # noqa: PLC0415
    from kurun_worker.redaction import Redactor  # noqa: PLC0415
    from kurun_worker.replaying import Report, Wanted  # noqa: PLC0415

    needed: dict[str, Any] = {} if histories else {"worker.task_queue": settings.worker.task_queue}
    require(needed)
    # What the worker would log of a break is in the report.
    quiet = settings.log if settings.log.level is LogLevel.DEBUG else LogSettings(level=LogLevel.ERROR)
    redactor = Redactor.of(settings)
    logs.configure(quiet, redactor)
    current_folder_on_path()
    wanted = None if histories else Wanted(settings.worker.task_queue or "", query, limit, closed)
    report = Report(as_json=as_json, clean=redactor.text)
    # As for `kurun run`: while the interpreter takes itself apart, what is left of Temporal's core may hang or abort.
    departure = Departure(STOP_MARGIN)
    try:
        asyncio.run(_replay(settings, histories, wanted, keep=save, report=report, redactor=redactor))
    except Exception as error:
        code = report_error(error)
    else:
        report.close()
        code = EXIT_FAILURE if report.broken else 0
    departure.leave(code)
    return code


async def _replay(
    settings: Settings,
    files: tuple[Path, ...],
    wanted: "Wanted | None",
    *,
    keep: Path | None,
    report: "Report",
    redactor: "Redactor",
) -> None:
    import httpx2  # noqa: PLC0415 - see the command
    from temporalio.runtime import Runtime, TelemetryConfig  # noqa: PLC0415

    from kurun_clients.kuflow import KuFlowClient  # noqa: PLC0415
    from kurun_worker.modules import load_modules  # noqa: PLC0415
    from kurun_worker.plugin import KuFlowPlugin  # noqa: PLC0415
    from kurun_worker.replaying import Rehearsal, fetch, read_files, save  # noqa: PLC0415

    # Nothing happens that a trace could tell of.
    settings = settings.model_copy(update={"tracing": TracingSettings()})
    definitions = load_modules(settings.worker.modules, sandbox=settings.worker.sandbox)
    async with AsyncExitStack() as stack:
        # Files need no credentials, unless what they hold is encrypted: then KuFlow is asked for the key, and refuses.
        anonymous = bool(files) and settings.kuflow.client_id is None and settings.kuflow.token is None
        kuflow = KuFlowClient(str(settings.kuflow.endpoint), auth=httpx2.Auth()) if anonymous else None
        plugin = KuFlowPlugin(settings, kuflow=kuflow, on_token=redactor.learn)
        await stack.enter_async_context(aclosing(plugin))
        _insist_on_workflows(settings, definitions, plugin)
        # Without a log: what its core would say of a break is in the report.
        runtime = Runtime(telemetry=TelemetryConfig(logging=None))
        if wanted is None:
            found = read_files(files)
        else:
            found = fetch(await _connected(settings, plugin, runtime, stack), wanted)

        async def kept() -> AsyncIterator["Recorded"]:
            async for recorded in found:
                if keep is not None:
                    await asyncio.to_thread(save, recorded, keep)
                yield recorded

        sandbox = settings.worker.sandbox
        rehearsal = Rehearsal(
            definitions.workflows, plugins=[plugin], runtime=runtime, sandbox=sandbox, clean=redactor.text
        )
        async for verdict in rehearsal.replay(kept()):
            report.add(verdict)


def _insist_on_workflows(settings: Settings, definitions: "Definitions", plugin: "KuFlowPlugin") -> None:
    of_k2 = plugin.k2 is not None and plugin.k2.clients.has_workflow
    if definitions.workflows or of_k2 or plugin.robots is not None:
        return
    require({"worker.modules": settings.worker.modules})
    named = ", ".join(settings.worker.modules)
    raise ConfigurationError(f"worker.modules: {named} has no @workflow.defn class, and only workflows are replayed")


async def _connected(settings: Settings, plugin: "KuFlowPlugin", runtime: "Runtime", stack: AsyncExitStack) -> "Client":
    from kurun_worker.clock import SYSTEM_CLOCK  # noqa: PLC0415 - see the command
    from kurun_worker.connecting import Connector  # noqa: PLC0415
    from kurun_worker.engine import Step  # noqa: PLC0415
    from kurun_worker.temporal_parts import connect  # noqa: PLC0415

    async def no_refresh() -> None:
        """Nothing is old yet."""

    client = await Connector(
        settings,
        connect=lambda: connect(settings, plugin, runtime),
        refresh=no_refresh,
        step=lambda: plugin.engine.step if plugin.engine else Step.CONNECTION,
        stop=asyncio.Event(),
        clock=SYSTEM_CLOCK,
    ).first()
    if settings.engine.credentials is EngineCredentials.KUFLOW:
        await stack.enter_async_context(plugin.renewing())
    return client

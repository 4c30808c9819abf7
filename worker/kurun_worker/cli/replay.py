"""``kurun replay``."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kurun_config import EngineCredentials, LogLevel, LogSettings, Settings, TracingSettings, require
from kurun_worker.cli.errors import EXIT_FAILURE
from kurun_worker.cli.errors import report as report_error
from kurun_worker.cli.options import loaded, settings_options

if TYPE_CHECKING:
    from temporalio.client import Client
    from temporalio.runtime import Runtime

    from kurun_worker.plugin import KuFlowPlugin
    from kurun_worker.replaying import Recorded, Verdict, Wanted

MOST_CHANGED = 3
"""Histories of a workflow type whose changed inputs are told."""
MOST_INPUTS = 20
"""Changed inputs of a history that JSON tells."""


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
    else. A step whose input differs otherwise, a text for instance, is told as "changed".
    """
    settings = loaded(config, flags).settings
    # Imported here: `kurun replay --help` and a wrong setting need no Temporal.
    from kurun_worker import logs  # noqa: PLC0415
    from kurun_worker.departure import STOP_MARGIN, Departure  # noqa: PLC0415
    from kurun_worker.modules import current_folder_on_path  # noqa: PLC0415
    from kurun_worker.redaction import Redactor  # noqa: PLC0415
    from kurun_worker.replaying import Wanted  # noqa: PLC0415

    needed: dict[str, Any] = {} if histories else {"worker.task_queue": settings.worker.task_queue}
    require(needed)
    # What the worker would log of a break is in the report.
    quiet = settings.log if settings.log.level is LogLevel.DEBUG else LogSettings(level=LogLevel.ERROR)
    logs.configure(quiet, Redactor.of(settings))
    current_folder_on_path()
    wanted = None if histories else Wanted(settings.worker.task_queue or "", query, limit, closed)
    report = Report(as_json=as_json)
    # As for `kurun run`: while the interpreter takes itself apart, what is left of Temporal's core may hang or abort.
    departure = Departure(STOP_MARGIN)
    try:
        asyncio.run(_replay(settings, histories, wanted, save, report))
    except Exception as error:
        code = report_error(error)
    else:
        report.close()
        code = EXIT_FAILURE if report.broken else 0
    departure.leave(code)
    return code


async def _replay(
    settings: Settings, files: tuple[Path, ...], wanted: "Wanted | None", keep: Path | None, report: "Report"
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
        plugin = await stack.enter_async_context(aclosing(KuFlowPlugin(settings, kuflow=kuflow)))
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
        rehearsal = Rehearsal(definitions.workflows, plugins=[plugin], runtime=runtime, sandbox=sandbox)
        async for verdict in rehearsal.replay(kept()):
            report.add(verdict)


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


class Report:
    """What is said of the verdicts: each break as it is found, the sums at the end.

    Args:
        as_json: One object at the end instead of lines.
    """

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._progress = sys.stderr.isatty() and not as_json
        self._good: Counter[str] = Counter()
        self._bad: Counter[str] = Counter()
        self._unserved: Counter[str] = Counter()
        self._breaks: list[dict[str, Any]] = []
        self._changed: Counter[str] = Counter()
        self._changes: list[dict[str, Any]] = []

    @property
    def broken(self) -> bool:
        """Whether something would break."""
        return bool(self._breaks)

    def add(self, verdict: "Verdict") -> None:
        """Count a verdict, and say at once what is broken."""
        recorded = verdict.recorded
        kind = recorded.workflow_type
        if verdict.broken is None:
            self._good[kind] += 1
            self._add_changes(verdict)
        elif not verdict.served and not recorded.running:
            self._unserved[kind] += 1
        else:
            self._bad[kind] += 1
            self._breaks.append({"workflowType": kind, "source": recorded.source, "reason": verdict.broken})
            self._line(f"broken  {kind}  {recorded.source}: {verdict.broken}")
        if self._progress:
            click.echo(f"\r{self._count} replayed", nl=False, err=True)

    def _add_changes(self, verdict: "Verdict") -> None:
        kind, source = verdict.recorded.workflow_type, verdict.recorded.source
        if not verdict.changed:
            return
        self._changed[kind] += 1
        # A changed text changes every history: the first of them say it.
        if self._changed[kind] <= MOST_CHANGED:
            first, more = verdict.changed[0], len(verdict.changed) - 1
            self._changes.append({"workflowType": kind, "source": source, "inputs": verdict.changed[:MOST_INPUTS]})
            self._line(f"changed  {kind}  {source}: {first}" + (f", and {more} more" if more else ""))

    def close(self) -> None:
        """Write the sums."""
        if self._progress:
            click.echo("\r\033[K", nl=False, err=True)
        if self._as_json:
            kinds = sorted(self._good.keys() | self._bad.keys())
            counted = {"replayed": self._good, "broken": self._bad, "changed": self._changed}
            types = {kind: {name: numbers[kind] for name, numbers in counted.items()} for kind in kinds}
            said = {"types": types, "breaks": self._breaks, "changes": self._changes, "unserved": self._unserved}
            click.echo(json.dumps(said, indent=2))
            return
        for kind in sorted(self._good.keys() | self._bad.keys()):
            changed = f", {self._changed[kind]} with changed input" if self._changed[kind] else ""
            click.echo(f"{kind}: {self._good[kind]} replayed, {self._bad[kind]} broken{changed}")
        for kind, number in sorted(self._unserved.items()):
            click.echo(f"{kind}: {number} left out, these modules have no such workflow")
        if not self._count:
            click.echo("no histories were found")

    @property
    def _count(self) -> int:
        return self._good.total() + self._bad.total() + self._unserved.total()

    def _line(self, text: str) -> None:
        if not self._as_json:
            click.echo(f"\r\033[K{text}" if self._progress else text)

"""``kurun run``."""

import asyncio
from pathlib import Path

import click

from kurun_config import settings_files
from kurun_worker.cli.errors import report
from kurun_worker.cli.options import loaded, settings_options
from kurun_worker.memory import share_arenas


@click.command("run", short_help="Serve a task queue of KuFlow.")
@settings_options
def command(config: Path | None, **flags: str | None) -> int:
    """Serve one task queue until SIGTERM or Ctrl-C.

    The first signal lets running activities finish (--worker-drain-timeout), the second ends at once. SIGHUP reads the
    settings again, unless the worker was started from a terminal; SIGUSR1 takes no new activities, SIGUSR2 does again.
    """
    share_arenas()
    settings = loaded(config, flags).settings
    # Imported here: `kurun run --help` and a wrong setting need no Temporal.
    from kurun_worker import daemon, logs, modules, tracing  # noqa: PLC0415
    from kurun_worker.departure import STOP_MARGIN, Departure  # noqa: PLC0415
    from kurun_worker.operating import Operations  # noqa: PLC0415
    from kurun_worker.redaction import Redactor  # noqa: PLC0415
    from kurun_worker.reloading import Reloader  # noqa: PLC0415

    daemon.require_settings(settings)
    redactor = Redactor.of(settings)
    logs.configure(settings.log, redactor, fields=tracing.log_fields(settings))
    modules.current_folder_on_path()
    departure = Departure(settings.worker.drain_timeout.total_seconds() + STOP_MARGIN)

    async def serve() -> int:
        try:
            reloader = Reloader(
                settings,
                lambda: loaded(config, flags).settings,
                files=lambda: settings_files(config),
                redactor=redactor,
            )
            operations = Operations(reloader=reloader)
            await daemon.run(settings, redactor=redactor, departure=departure, operations=operations)
        except Exception as error:
            code = report(error)
        else:
            code = 0
        # Told here, because asyncio.run does not return while an activity holds a task or a thread.
        departure.leave(code)
        return code

    return asyncio.run(serve())

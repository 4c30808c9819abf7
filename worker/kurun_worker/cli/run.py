"""``kurun run``."""

import asyncio
import os
from pathlib import Path

import click

from kurun_worker.cli.errors import reported
from kurun_worker.cli.options import loaded, settings_options


@click.command("run", short_help="Serve a task queue of KuFlow.")
@settings_options
def command(config: Path | None, **flags: str | None) -> None:
    """Serve one task queue until SIGTERM or Ctrl-C.

    The first signal lets running activities finish (--worker-drain-timeout), the second ends at once.
    """
    settings = loaded(config, flags).settings
    # Imported here: `kurun run --help` and a wrong setting need no Temporal.
    from kurun_worker import daemon, logs, modules  # noqa: PLC0415
    from kurun_worker.redaction import Redactor  # noqa: PLC0415
    from kurun_worker.supervisor import UnfinishedActivitiesError  # noqa: PLC0415

    daemon.require(settings)
    redactor = Redactor.of(settings)
    logs.configure(settings.log, redactor)
    modules.current_folder_on_path()
    try:
        asyncio.run(daemon.run(settings, redactor=redactor))
    except UnfinishedActivitiesError as error:
        # Python would wait for the threads of these activities, for ever.
        stuck = error

        def fail() -> None:
            raise stuck

        os._exit(reported(fail))

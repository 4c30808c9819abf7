"""``kurun check``."""

from pathlib import Path

import click

from kurun_worker.cli.options import loaded, settings_options


@click.command("check", short_help="Verify the settings and all that a worker depends on.")
@click.option("--live", is_flag=True, help="Ask the running worker whether it is alive, and only that.")
@click.option("--ready", is_flag=True, help="Ask the running worker whether it is ready for work.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object.")
@settings_options
def command(config: Path | None, *, live: bool, ready: bool, as_json: bool, **flags: str | None) -> int:
    """Verify the settings and all that a worker with them depends on, and say how to mend what is wrong.

    Nothing is registered or changed, so it may be run beside a worker. The exit code is 0 if nothing failed, 2 if
    settings have to be changed, and 1 if something outside fails.

    With --live or --ready the worker that runs on this machine is asked instead, at health.port.
    """
    if live and ready:
        raise click.UsageError("--live and --ready are two questions: ask one of them")
    if live or ready:
        # Imported here, and little of it: a container asks every few seconds.
        from kurun_worker.health.asking import ask  # noqa: PLC0415

        return ask(loaded(config, flags).settings, "livez" if live else "readyz", json=as_json)
    from kurun_worker.doctor.telling import tell  # noqa: PLC0415 - it brings Temporal, which the question does not need

    return tell(lambda: loaded(config, flags), as_json=as_json)

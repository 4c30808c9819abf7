"""``kurun dev``."""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from pydantic import TypeAdapter, ValidationError

from kurun_config import ConfigurationError
from kurun_twin.dev import Listeners, serve
from kurun_twin.dev_words import Printer, Words
from kurun_twin.info import ensure_writable
from kurun_twin.options import SWITCHES, TwinOptions
from kurun_twin.scenario import Scenario, ScenarioBody

DATA = Path(".kurun")
MAX_SCENARIO = 1024**2

_SECONDS = click.FloatRange(min=0.1, max=10 * 365 * 86400)
_GRACE = click.FloatRange(min=0, max=3600)
_PORT = click.IntRange(0, 65535)
_FILE = click.Path(path_type=Path)


def _span(_context: click.Context, _parameter: click.Parameter, seconds: float) -> timedelta:
    try:
        return timedelta(seconds=seconds)
    except ValueError:
        raise click.BadParameter("not a number of seconds") from None


def _address(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise click.BadParameter(f"{value!r} is not HOST:PORT")
    return value


def _switched(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, Any]:
    switched: dict[str, Any] = {}
    for value in values:
        name, _, wanted = value.partition("=")
        if name not in SWITCHES:
            raise click.BadParameter(f"{name!r} is none of {', '.join(SWITCHES)}")
        try:
            switched[name] = TypeAdapter(SWITCHES[name]).validate_python(wanted)
        except ValidationError:
            raise click.BadParameter(f"{name}: {wanted!r} does not fit") from None
    return switched


def _seconds(
    name: str, default: timedelta, help_text: str, *, span: click.FloatRange = _SECONDS
) -> Callable[[Any], Any]:
    return click.option(
        name,
        type=span,
        default=default.total_seconds(),
        show_default=True,
        callback=_span,
        metavar="SECONDS",
        help=help_text,
    )


@click.command("dev", short_help="Start the local twin of KuFlow to develop against.")
@click.option(
    "--definitions", type=_FILE, metavar="FILE", help="YAML file with process definitions, queues and people."
)
@click.option(
    "--data", type=_FILE, default=DATA, show_default=True, metavar="DIR", help="Keeps everything over restarts."
)
@click.option("--info", type=_FILE, metavar="FILE", help="Where to write addresses and credentials as JSON.")
@click.option("--http-port", type=_PORT, default=0, metavar="N", help="Port of the KuFlow API.  [default: a free one]")
@click.option(
    "--engine-port", type=_PORT, default=0, metavar="N", help="Port of the engine gateway.  [default: a free one]"
)
@_seconds("--token-life", TwinOptions.token_life, "How long an engine token is good.")
@_seconds("--token-grace", TwinOptions.token_grace, "How long an engine token is taken after its end.", span=_GRACE)
@_seconds("--certificate-life", TwinOptions.certificate_life, "How long an engine certificate is good.")
@_seconds("--delay-window", TwinOptions.delay_window, "When workers are told to register again.")
@click.option(
    "--temporal", callback=_address, metavar="HOST:PORT", help="Temporal server to use instead of starting one."
)
@click.option("--scenario", type=_FILE, metavar="FILE", help="JSON file that says how the API misbehaves.")
@click.option(
    "--switch",
    "switches",
    multiple=True,
    callback=_switched,
    metavar="NAME=VALUE",
    help=f"Behave otherwise where KuFlow's documentation is silent; may be repeated. Names: {', '.join(SWITCHES)}.",
)
@click.option("--ui/--no-ui", default=True, show_default=True, help="Temporal's web page.")
@click.option(
    "--quiet", is_flag=True, help="Say nothing of processes and tasks but that a workflow failed or is stuck."
)
def command(
    *,
    definitions: Path | None,
    data: Path,
    info: Path | None,
    http_port: int,
    engine_port: int,
    token_life: timedelta,
    token_grace: timedelta,
    certificate_life: timedelta,
    delay_window: timedelta,
    temporal: str | None,
    scenario: Path | None,
    switches: dict[str, Any],
    ui: bool,
    quiet: bool,
) -> None:
    """Start the local twin of KuFlow, on this machine only, until Ctrl-C or SIGTERM.

    It behaves as the platform: its API keeps processes, items and documents, and its engine is a real Temporal server
    behind a door that wants KuFlow's certificate and token.
    """
    options = TwinOptions(
        data_dir=data,
        definitions=definitions,
        http_port=http_port,
        engine_port=engine_port,
        ui_port=0 if ui else None,
        temporal_address=temporal,
        token_life=token_life,
        token_grace=token_grace,
        certificate_life=certificate_life,
        delay_window=delay_window,
        **switches,
    )
    if info is not None:
        ensure_writable(info)  # before anything is started, and not when everything is ready
    misbehaviour = None if scenario is None else _read_scenario(scenario)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    words, printer = Words(options, click.echo), Printer()
    listeners = Listeners(words.progress, None if quiet else printer.tell, printer.tell)
    asyncio.run(serve(options, scenario=misbehaviour, info_file=info, listeners=listeners, ready=words.ready))
    click.echo("Ended.")


def _read_scenario(file: Path) -> Scenario:
    try:
        with file.open("rb") as source:
            content = source.read(MAX_SCENARIO + 1)
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read: {error.strerror}") from None
    if len(content) > MAX_SCENARIO:
        raise ConfigurationError(f"{file}: larger than {MAX_SCENARIO} bytes")
    try:
        body = ScenarioBody.model_validate_json(content)
    except ValidationError as error:
        detail = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in detail["loc"])
        raise ConfigurationError(f"{file}: {place + ': ' if place else ''}{detail['msg']}") from None
    return Scenario(body.rules, seed=body.seed)

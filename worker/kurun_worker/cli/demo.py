"""``kurun demo``."""

import asyncio
import importlib
import io
import sys
from pathlib import Path

import click
from rich.console import Console

from kurun_examples.demo import stage
from kurun_examples.demo.applications import read_applications
from kurun_examples.demo.board import Board, board_for
from kurun_examples.demo.figures import DemoFigures
from kurun_worker.cli.errors import MissingExtraError
from kurun_worker.signals import drain_on_signals


class RowsFailedError(Exception):
    """Some rows of the CSV did not reach their outcome; the message names them."""


@click.command("demo", short_help="Run the whole job once: twin, worker, people and loans.")
@click.option("--k2", is_flag=True, help="Have loans above the limit approved in K2, which the twin plays too.")
@click.option(
    "--applications",
    type=click.Path(path_type=Path),
    metavar="CSV",
    help="Loan applications to play; those of the example without it.",
)
@click.option("--json", "json_file", type=click.Path(path_type=Path), metavar="FILE", help="Write the figures here.")
@click.option("--keep", is_flag=True, help="Leave everything running at the end, until Ctrl-C.")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Keep data and logs here; without it in a folder that goes away after a success.",
)
@click.option(
    "--token-life",
    type=click.FloatRange(2, 3600),
    default=10,
    show_default=True,
    metavar="SECONDS",
    help="Life of the engine's tokens.",
)
def command(
    *, k2: bool, applications: Path | None, json_file: Path | None, keep: bool, data: Path | None, token_life: float
) -> None:
    """Run the whole job once: a twin of KuFlow, a worker, and loan applications that simulated people work on.

    Ends with 0 only if every application reached the outcome that its row expects.
    """
    if k2:
        _require_k2()
    rows = read_applications(applications or stage.example("applications.csv"))
    if json_file is not None:
        DemoFigures.ensure_writable(json_file)
    options = stage.DemoOptions(rows, data, token_life, k2)
    result = asyncio.run(_perform(options, keep=keep, json_file=json_file))
    if result is None:
        raise click.Abort
    if result.failed:
        count = f"{len(result.failed)} of {len(rows)} applications"
        raise RowsFailedError(f"{count} did not reach their outcome: {', '.join(result.failed)}")


def _require_k2() -> None:
    try:
        importlib.import_module("kurun_examples.demo.k2_side")
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"`kurun demo --k2` needs {error.name}, which is not installed: pip install 'kurun[k2]'"
        ) from None


async def _perform(options: stage.DemoOptions, *, keep: bool, json_file: Path | None) -> stage.Result | None:
    """The result; ``None`` if it was interrupted before there was one."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # names have letters that not every terminal has
    console = Console(soft_wrap=True)
    told: list[stage.Result] = []
    with board_for(console) as board:
        until = asyncio.Event() if keep else None

        def tell(result: stage.Result) -> None:
            told.append(result)
            _summarise(board, result)
            if json_file is not None:
                result.figures.write(json_file)
            if keep:
                _addresses(board, result)

        running = asyncio.ensure_future(stage.run(options, board, tell=tell, until=until))

        def stop() -> None:
            if until is not None and told:
                until.set()
            else:
                running.cancel()

        with drain_on_signals(stop):
            try:
                return await running
            except asyncio.CancelledError:
                return None


def _summarise(board: Board, result: stage.Result) -> None:
    counted = result.figures
    documents = f"documents {counted.documents} ({counted.bytes:,} bytes)"
    items = f"items {counted.items}, {documents}, log lines {counted.log_lines}"
    tokens = f"token renewals {counted.token_renewals}, registrations {counted.registrations}"
    board.sum_up(
        [
            *(f"failed: {row}: {reasons}" for row, reasons in result.failed.items()),
            *([f"data and logs in {result.folder}"] if result.failed else []),
            f"processes {counted.processes}, completed {counted.completed}, {items}",
            *_in_k2(counted),
            f"{tokens}, refused polls {counted.refused_polls}, {counted.duration:.1f} s",
            f"{counted.reached} of {counted.processes} applications reached the outcome that the CSV expects",
        ]
    )


def _in_k2(counted: DemoFigures) -> list[str]:
    if (k2 := counted.k2) is None:
        return []
    instances = f"K2 instances {k2.instances}, completed {k2.completed}"
    return [f"{instances}, tasks {k2.tasks}, actions on them {k2.actions}"]


def _addresses(board: Board, result: stage.Result) -> None:
    kuflow, engine = result.info["kuflow"], result.info["engine"]
    in_k2 = [f"K2 {result.info['k2']['endpoint']}"] if "k2" in result.info else []
    board.sum_up(
        [
            *in_k2,
            f"KuFlow API {kuflow['endpoint']}, engine {engine['address']}, Temporal {engine['direct_address']}",
            f"credentials in {result.folder / 'info.json'}; Ctrl-C ends it all",
        ]
    )

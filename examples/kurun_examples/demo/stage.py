"""The demo from the empty stage to the end: children are started, the play is performed, everything is put away."""

import asyncio
import contextlib
import json
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kurun_clients.http import ApiError
from kurun_config import ConfigurationError
from kurun_examples.demo.applications import Application
from kurun_examples.demo.board import Board
from kurun_examples.demo.children import Children
from kurun_examples.demo.figures import DemoFigures, Twin
from kurun_examples.demo.play import Play

if TYPE_CHECKING:
    from kurun_examples.demo.k2_side import K2Side

TASK_QUEUE: Final = "loans"
MODULES: Final = ("kurun_examples.loan.workflow", "kurun_examples.loan.activities")
READY_PATIENCE: Final = 90.0
WATCH_INTERVAL: Final = "0.5"
"""Seconds between two lists of K2's tasks."""

_LOOK_EVERY: Final = 0.1
_K2_SETTINGS: Final = ("endpoint", "services_endpoint", "user", "password")


class NotReadyError(Exception):
    """The twin or the worker was not ready in time."""


@dataclass(frozen=True)
class DemoOptions:
    """What the demo is asked for.

    Attributes:
        applications: The rows of the CSV.
        data: Where everything is kept; ``None`` for a folder that goes away after a success.
        token_life: Life of the engine's tokens, in seconds.
        k2: Have loans above the limit approved in K2.
    """

    applications: list[Application]
    data: Path | None = None
    token_life: float = 10.0
    k2: bool = False


@dataclass(frozen=True)
class Result:
    """How the demo went.

    Attributes:
        figures: What was counted.
        failed: Each row that did not reach its outcome, and why.
        info: What ``kurun dev`` says of itself: addresses and credentials.
        folder: Where everything is kept.
    """

    figures: DemoFigures
    failed: dict[str, str]
    info: dict[str, Any]
    folder: Path


def example(name: str) -> Path:
    """A file of the loan example, as it was installed."""
    return Path(str(files("kurun_examples.loan") / name))


async def run(
    options: DemoOptions, board: Board, *, tell: Callable[[Result], None], until: asyncio.Event | None = None
) -> Result:
    """Do everything and put everything away.

    Args:
        options: What is asked for.
        board: Shows what happens.
        tell: Hears the result while everything still runs.
        until: Leave it running until this is set.

    Raises:
        ChildEndedError: The twin or the worker ended before its time.
        NotReadyError: One of them was not ready in time.
        ConfigurationError: The data folder cannot be used.
    """
    began = time.monotonic()
    folder = await asyncio.to_thread(_folder, options.data)
    try:
        async with Children(folder) as children:
            info = await _open(children, folder, options, board)
            play = Play(info, options.applications, board, _k2_side(info))
            figures = await children.while_alive(play.perform(token_life=options.token_life, began=began))
            failed = {case.row: "; ".join(case.problems) for case in play.cases.all if not case.reached}
            board.say("all applications are played")
            tell(result := Result(figures, failed, info, folder))
            if until is not None:
                await children.while_alive(until.wait())
    except asyncio.CancelledError:
        if options.data is None:
            shutil.rmtree(folder, ignore_errors=True)
        board.sum_up(["interrupted" if options.data is None else f"interrupted; data and logs in {folder}"])
        raise
    if options.data is None and not failed:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    return result


async def _open(children: Children, folder: Path, options: DemoOptions, board: Board) -> dict[str, Any]:
    info_file = folder / "info.json"
    await asyncio.to_thread(info_file.unlink, missing_ok=True)
    definitions = example("definitions.yaml")
    if options.k2:
        definitions = await asyncio.to_thread(_with_k2, definitions, folder)
    board.say(f"starting the twin of KuFlow (data and logs in {folder})")
    await children.start(
        "dev",
        *("--definitions", str(definitions)),
        *("--data", str(folder / "twin"), "--info", str(info_file)),
        *("--token-life", f"{options.token_life:g}"),
    )
    try:
        info = await children.while_alive(_until_written(info_file))
        board.say("starting the worker")
        await children.start("run", environment=worker_environment(info))
        await children.while_alive(_until_registered(info))
    except TimeoutError:
        raise NotReadyError(f"not ready after {READY_PATIENCE:.0f} s: see the logs in {folder}") from None
    return info


def worker_environment(info: dict[str, Any]) -> dict[str, str]:
    """The settings with which ``kurun run`` serves the loans of this twin."""
    return {
        **(_k2_environment(info["k2"]) if "k2" in info else {}),
        "KURUN_KUFLOW_ENDPOINT": info["kuflow"]["endpoint"],
        "KURUN_KUFLOW_CLIENT_ID": info["kuflow"]["client_id"],
        "KURUN_KUFLOW_CLIENT_SECRET": info["kuflow"]["client_secret"],
        "KURUN_ENGINE_ADDRESS": info["engine"]["address"],
        "KURUN_WORKER_TASK_QUEUE": TASK_QUEUE,
        "KURUN_WORKER_MODULES": ",".join(MODULES),
    }


def _k2_environment(k2: dict[str, Any]) -> dict[str, str]:
    account = {f"KURUN_K2_{name.upper()}": k2[name] for name in _K2_SETTINGS}
    return {**account, "KURUN_K2_WATCH": "true", "KURUN_K2_WATCH_INTERVAL": WATCH_INTERVAL}


def _with_k2(definitions: Path, folder: Path) -> Path:
    """The definitions with K2's below them, as one file."""
    both = folder / "definitions.yaml"
    both.write_bytes(definitions.read_bytes() + b"\n" + example("k2.yaml").read_bytes())
    return both


def _k2_side(info: dict[str, Any]) -> "K2Side | None":
    if "k2" not in info:
        return None
    from kurun_examples.demo.k2_side import K2Side  # noqa: PLC0415 - needs an extra

    return K2Side(info["k2"])


async def _until_written(info_file: Path) -> dict[str, Any]:
    async with asyncio.timeout(READY_PATIENCE):
        while True:
            if (info := await asyncio.to_thread(_read, info_file)) is not None:
                return info
            await asyncio.sleep(_LOOK_EVERY)


async def _until_registered(info: dict[str, Any]) -> None:
    """Wait until the worker has registered, which it does when it polls."""
    twin = Twin(info)
    try:
        async with asyncio.timeout(READY_PATIENCE):
            while True:
                with contextlib.suppress(ApiError):
                    if (await twin.figures()).counts.get("registrations", 0):
                        return
                await asyncio.sleep(_LOOK_EVERY)
    finally:
        await twin.aclose()


def _read(info_file: Path) -> dict[str, Any] | None:
    try:
        info: dict[str, Any] = json.loads(info_file.read_text())
    except FileNotFoundError:
        return None
    return info


def _folder(given: Path | None) -> Path:
    if given is None:
        return Path(tempfile.mkdtemp(prefix="kurun-demo-"))
    try:
        given.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"--data: {given}: cannot be used: {error.strerror}") from None
    return given.resolve()

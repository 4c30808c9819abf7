"""The worker's side of a running robot: what its keeper tells, and what is told to it."""

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, Final, Literal

from kurun_robots.errors import EnvironmentUnavailable
from kurun_robots.run.keeper.order import KILL, TOO_MUCH
from kurun_robots.run.limits import EndedBy
from kurun_robots.run.masking import Masker
from kurun_robots.run.output import Allowance, read_lines
from kurun_robots.run.request import OutputLine, Progress, RunRequest, RunResult

LAST_LINES: Final = 20
SILENCE: Final = 20.0
"""Seconds after which a keeper that says nothing is taken for dead: a robot of its user can stop it."""


class Supervision:
    """What the worker knows of one run.

    Attributes:
        session: Session of the robot's first process, once it started.
        alive: Processes that its keeper saw last, where they could outlive it.
    """

    def __init__(
        self, request: RunRequest, on_line: Callable[[OutputLine], None], on_progress: Callable[[Progress], None] | None
    ) -> None:
        self._masker = Masker(request.secrets)
        self._allowance = Allowance(request.limits.output)
        self._on_line = on_line
        self._on_progress = on_progress
        self._last: deque[OutputLine] = deque(maxlen=LAST_LINES)
        self._nested = False
        self._ended: dict[str, Any] | None = None
        self._failed: str | None = None
        self._broken: Exception | None = None
        self._orders = bytearray()
        self._control: asyncio.StreamWriter | None = None
        self.session: int | None = None
        self.alive: set[tuple[int, int]] = set()

    def connect(self, control: asyncio.StreamWriter, order: bytes) -> None:
        """Send the order, then what was ordered before there was a keeper."""
        self._control = control
        control.write(order + bytes(self._orders))

    @property
    def stopped(self) -> bool:
        """It was ordered to end before there was a keeper."""
        return bool(self._orders)

    def order(self, word: bytes) -> None:
        """Tell the keeper how to end the run."""
        if self._control is None:
            self._orders += word
        elif not self._control.is_closing():
            self._control.write(word)

    async def listen(self, events: asyncio.StreamReader) -> None:
        """Take in what the keeper tells, until it ends or falls silent."""
        while line := await self._next(events):
            event = json.loads(line)
            match event["event"]:
                case "started":
                    self.session, self._nested = event["session"], event["nested"]
                case "progress":
                    self._progress(event)
                case "failed":
                    self._failed = event["message"]
                case "ended":
                    self._ended = event

    async def _next(self, events: asyncio.StreamReader) -> bytes:
        for _ in range(2):  # where the event loop stood still, the first time runs out although something came
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SILENCE / 2):
                    return await events.readline()
        return b""

    async def read(self, reader: asyncio.StreamReader, name: Literal["stdout", "stderr"]) -> None:
        """Take in one stream of the robot, until it ends."""
        excess = False

        def tell() -> None:
            nonlocal excess
            if not excess:
                self.order(TOO_MUCH)
            excess = True

        await read_lines(reader, name, self._masker, self._allowance, on_line=self._line, on_excess=tell)

    @property
    def lost(self) -> bool:
        """The keeper ended without telling that nothing is left."""
        return self._ended is None and self._failed is None

    def result(self) -> RunResult:
        """What became of the run, when its keeper ended.

        Raises:
            EnvironmentUnavailable: It did not start, its keeper was killed, or the kernel could not end it.
        """
        if self._broken is not None:
            raise self._broken
        if self._failed is not None:
            raise EnvironmentUnavailable(f"the robot could not be started: {self._failed}")
        if self._ended is None:
            raise EnvironmentUnavailable("the robot's keeper was killed, and the robot with it")
        if self._ended["left"]:
            raise EnvironmentUnavailable(f"the kernel does not end these processes of the robot: {self._ended['left']}")
        return RunResult(
            exit_code=self._ended["code"],
            seconds=self._ended["seconds"],
            ended_by=EndedBy(self._ended["by"]) if self._ended["by"] else None,
            last_lines=tuple(self._last),
            isolated=self._nested,
        )

    def _progress(self, event: dict[str, Any]) -> None:
        self.alive = {(pid, started) for pid, started in event["alive"]}
        told = Progress(event["seconds"], event["memory"], event["processes"], event["disk"])
        if self._on_progress is not None:
            self._call(partial(self._on_progress, told))

    def _line(self, line: OutputLine) -> None:
        self._last.append(line)
        self._call(partial(self._on_line, line))

    def _call(self, call: Callable[[], None]) -> None:
        """Call the caller's function; once it failed the run ends, and it is not called again."""
        if self._broken is not None:
            return
        try:
            call()
        except Exception as error:
            self._broken = error
            self.order(KILL)

"""The demo's child processes: real ``kurun`` commands, watched while they run and ended in order."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Coroutine, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from kurun_twin.engine import leash

LAST_LINES: Final = 10
STOP_PATIENCE: Final = 30.0

Result = TypeVar("Result")


class ChildEndedError(Exception):
    """A child process ended although nobody asked it to; the message ends with its last lines."""


class Child:
    """One ``kurun`` command; its errors and log lines go to a file."""

    def __init__(self, name: str, log: Path, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self.log = log
        self._process = process

    async def ended(self) -> ChildEndedError:
        """Wait for its end and describe it."""
        code = await self._process.wait()
        lines = await asyncio.to_thread(last_lines, self.log)
        return ChildEndedError(f"`kurun {self.name}` ended with {code} ({self.log}): {lines or 'it said nothing'}")

    async def stop(self) -> None:
        """Ask it to end; after a while insist."""
        for insist, patience in ((self._process.terminate, STOP_PATIENCE), (self._process.kill, STOP_PATIENCE)):
            if self._process.returncode is not None:
                return
            with contextlib.suppress(ProcessLookupError):
                insist()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._process.wait()


class Children:
    """All children; those still there when the block ends are ended, the youngest first.

    Args:
        folder: Where they run and where their logs are kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._children: list[Child] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        while self._children:
            await self._children[-1].stop()
            self._children.pop()

    async def start(self, name: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Child:
        """Start ``kurun NAME ARGUMENT…``. It dies with this process, however that one ends."""
        log = self._folder / f"{name}.log"
        descriptor = _private(log)
        # Apart: `kurun dev` prints credentials, which must not turn up among the last lines of its log.
        output = _private(log.with_suffix(".out"))
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", leash.__file__, str(os.getpid())),
                *(sys.executable, "-m", "kurun_worker", name, *arguments),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=descriptor,
                cwd=self._folder,
                env={**_inherited(), **(environment or {})},
                start_new_session=True,  # Ctrl-C is for the demo, which ends its children in its turn
            )
        finally:
            os.close(descriptor)
            os.close(output)
        self._children.append(child := Child(name, log, process))
        return child

    async def while_alive(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do something that needs all children.

        Raises:
            ChildEndedError: One ended before the work did.
        """
        working = asyncio.ensure_future(work)
        watching = [asyncio.ensure_future(child.ended()) for child in self._children]
        try:
            await asyncio.wait([working, *watching], return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                return working.result()
            raise next(each.result() for each in watching if each.done())
        finally:
            for task in (working, *watching):
                task.cancel()
            await asyncio.gather(working, *watching, return_exceptions=True)


def last_lines(log: Path) -> str:
    """The end of a log, in one line."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4000))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    return " | ".join(line.strip() for line in lines[-LAST_LINES:] if line.strip())


def _private(file: Path) -> int:
    return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)


def _inherited() -> dict[str, str]:
    """The environment without settings of kurun and Temporal: the demo brings its own."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("KURUN_", "TEMPORAL_"))}

"""Runs of robots for tests: folders and a Python that their user may use, and proof that nothing is left."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from uuid import uuid4

import pytest

from kurun_robots.run.limits import RunLimits
from kurun_robots.run.request import OutputLine, RunRequest, RunResult
from kurun_robots.run.runner import run

ROOT = os.geteuid() == 0
NOBODY = 65534
SMALL = RunLimits(seconds=30, grace=5, memory=512 * 2**20, processes=64, output=2**20, disk=32 * 2**20, ceiling=256)


@cache
def robot_python() -> str:
    """A Python that the robots' user may start."""
    for candidate in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        if Path(candidate).exists() and _starts(candidate):
            return candidate
    pytest.skip("the robots' user has no Python here")


def _starts(python: str) -> bool:
    arguments = (python, "-I", "-c", "import sys; sys.exit(sys.version_info < (3, 11))")
    user = NOBODY if ROOT else None
    try:
        return subprocess.call(arguments, cwd="/", user=user, group=user) == 0  # noqa: S603 - a Python of this machine
    except OSError:
        return False


@dataclass
class RobotRuns:
    """Runs small programs as robots.

    Args:
        folder: Anybody may pass through it.
        isolate: Whether they get namespaces of their own.
    """

    folder: Path
    isolate: bool = True
    token: str = field(default_factory=lambda: f"token-{uuid4().hex}")
    lines: list[OutputLine] = field(default_factory=list)

    def shell(self, command: str, **changes: object) -> RunRequest:
        """A run of a shell command."""
        own = self.folder / uuid4().hex
        own.mkdir()
        limits = changes.pop("limits", {})
        assert isinstance(limits, dict)
        request = RunRequest(command, own, isolate=self.isolate, limits=replace(SMALL, **limits))
        return replace(request, **changes)  # type: ignore[arg-type]

    def python(self, program: str, **changes: object) -> RunRequest:
        """A run of a Python program; it and what it forks have the token among their arguments."""
        request = self.shell("", **changes)
        (request.folder / "robot.py").write_text(program)
        return replace(request, command=f"exec {robot_python()} -u robot.py {self.token}")

    async def run(self, request: RunRequest, **options: object) -> RunResult:
        """Run it; its lines are kept."""
        return await run(request, self.lines.append, **options)  # type: ignore[arg-type]

    async def until_said(self, text: str) -> None:
        """Wait until a line says this."""
        async with asyncio.timeout(20):
            while all(line.text != text for line in self.lines):
                await asyncio.sleep(0.01)

    @property
    def said(self) -> list[str]:
        """All lines."""
        return [line.text for line in self.lines]

    def alive(self) -> list[str]:
        """Command lines of what is left of the programs."""
        return [line for _, line in command_lines() if self.token in line]


def command_lines() -> Iterator[tuple[int, str]]:
    """Process ids and command lines of all that runs."""
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                text = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if text:  # a dead one has none
                yield int(process.name), text


def open_folder() -> Iterator[Path]:
    """A folder that anybody may pass through, unlike those of pytest; removed in the end."""
    folder = Path(tempfile.mkdtemp(prefix="kurun-robots-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


Say = Callable[[OutputLine], None]

"""What to run, and what became of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from kurun_robots.run.limits import EndedBy, RunLimits


@dataclass(frozen=True)
class RunRequest:
    """One run of a robot.

    Args:
        command: What ``/bin/sh -c`` gets.
        folder: Folder of this run alone. It is handed over to the robot's user with all in it, and its size is watched.
        variables: Variables beside those that every robot has; they win, except that a ``PATH`` only adds folders.
        path: Folders in front of the system's in ``PATH``.
        working: Folder to start in; without it ``folder``.
        needed: Paths outside ``folder`` and ``path`` that the robot has to reach, where they lie in a place for
            temporary files.
        secrets: Values that must not be seen in its output.
        limits: What it may use.
        user: User to run as. Root without it runs robots as ``nobody``, others as themselves.
        isolate: Give it namespaces of its own where the machine allows it.
    """

    command: str
    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    path: tuple[Path, ...] = ()
    working: Path | None = None
    needed: tuple[Path, ...] = ()
    secrets: Collection[str] = field(default=(), repr=False)
    limits: RunLimits = field(default_factory=RunLimits)
    user: str | None = None
    isolate: bool = True


@dataclass(frozen=True)
class OutputLine:
    """A line that a robot wrote, without secrets and control characters."""

    stream: Literal["stdout", "stderr"]
    text: str


@dataclass(frozen=True)
class Progress:
    """What a run uses at the moment: seconds, bytes, and processes with threads."""

    seconds: float
    memory: int
    processes: int
    disk: int


@dataclass(frozen=True)
class RunResult:
    """What became of a run.

    Args:
        exit_code: Of the command; below zero the number of the signal that ended it.
        seconds: Until the command ended.
        ended_by: What it was ended for, if it did not end by itself.
        last_lines: The end of its output.
        isolated: It had namespaces of its own.
    """

    exit_code: int
    seconds: float
    ended_by: EndedBy | None
    last_lines: tuple[OutputLine, ...]
    isolated: bool

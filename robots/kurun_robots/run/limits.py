"""What a run may use. Also read by the keeper, so that it needs the standard library alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kurun_config.robots import RobotSettings


class EndedBy(StrEnum):
    """Why a run was ended before its time."""

    CANCELLED = "cancelled"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    PROCESSES = "processes"
    OUTPUT = "output"
    DISK = "disk"


@dataclass(frozen=True)
class RunLimits:
    """Limits of one run; seconds and bytes.

    Args:
        seconds: Longest run.
        grace: What processes get to end by themselves after SIGTERM.
        memory: Of all processes together; shared memory counts once.
        processes: Processes and threads together.
        output: To the output streams together.
        disk: Of the run's folder, and of files that have no name any more.
        ceiling: How many more processes and threads the kernel lets the robot's user have than there are at the start.
            It stops a fork storm between two looks of the keeper; other runs of the user count too.
    """

    seconds: float = 3600.0
    grace: float = 10.0
    memory: int = 4 * 1024**3
    processes: int = 256
    output: int = 16 * 1024**2
    disk: int = 1024**3
    ceiling: int = 1280

    @classmethod
    def of(cls, settings: RobotSettings) -> RunLimits:
        """Those of the settings."""
        return cls(
            seconds=settings.timeout.total_seconds(),
            grace=settings.stop_grace.total_seconds(),
            memory=settings.max_memory,
            processes=settings.max_processes,
            output=settings.max_output_bytes,
            disk=settings.max_disk,
            ceiling=settings.max_processes * (settings.max_concurrent + 1),
        )

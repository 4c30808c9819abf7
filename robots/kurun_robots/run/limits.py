"""What a run may use. Also read by the keeper, so that it needs the standard library alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kurun_config.robots import RobotSettings


_MEBIBYTE = 1024**2


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

    def reason(self, by: EndedBy, *, timeout: str = "robots.timeout") -> str:
        """What a run did that was ended, with the limit and the setting to change.

        Args:
            by: Which limit it was.
            timeout: Where the longest run comes from.
        """
        match by:
            case EndedBy.CANCELLED:
                return "it was cancelled"
            case EndedBy.TIMEOUT:
                return f"it took longer than {self.seconds:g} s ({timeout})"
            case EndedBy.MEMORY:
                return f"it used more than {_bytes(self.memory)} of memory (robots.max_memory)"
            case EndedBy.PROCESSES:
                return f"it had more than {self.processes} processes and threads (robots.max_processes)"
            case EndedBy.OUTPUT:
                return f"it wrote more than {_bytes(self.output)} of output (robots.max_output_bytes)"
            case EndedBy.DISK:
                return f"it put more than {_bytes(self.disk)} on the disk (robots.max_disk)"


def _bytes(number: int) -> str:
    return f"{number / _MEBIBYTE:g} MiB" if number >= _MEBIBYTE else f"{number} bytes"

"""How busy this machine is, or the container that the process is in, as Linux tells it.

Temporal's own resource-based slots cannot be drained: see :mod:`kurun_worker.slots`. So activities take these instead.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import structlog

from kurun_config import ConfigurationError, variable

log = structlog.get_logger(__name__)

LOOK = 0.1
"""Seconds for which a measurement serves."""

RAMP = 0.05
"""Seconds between two slots, so that what one task uses shows before the next is taken; Temporal's own figure."""

_SMOOTHING = 0.5


class Headroom(Protocol):
    """Whether there is room for another task."""

    def wait(self) -> float:
        """Seconds after which it is worth asking again; 0: there is room now."""

    def granted(self) -> None:
        """Another task was taken."""


class Gauge(Protocol):
    """Measures what is in use."""

    def memory(self) -> float:
        """Part of the memory in use, from 0 to 1."""

    def cpu(self) -> float:
        """Part of the processors in use since the last call, from 0 to 1."""


class MeasuredHeadroom:
    """Room for tasks as long as memory and processors are used less than wanted.

    Args:
        gauge: What is in use.
        memory: Part of the memory from which on there is no room.
        cpu: Part of the processors from which on there is none.
        clock: Seconds that never run backwards.
    """

    def __init__(self, gauge: Gauge, *, memory: float, cpu: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._gauge = gauge
        self._most_memory = memory
        self._most_cpu = cpu
        self._clock = clock
        self._cpu = gauge.cpu()
        self._memory = gauge.memory()
        self._looked_at = clock()
        self._granted_at = clock() - RAMP
        self._blind = False

    def wait(self) -> float:
        """See :class:`Headroom`; as long as the gauge fails there is no room."""
        now = self._clock()
        if now - self._looked_at >= LOOK:
            self._looked_at = now
            self._look()
        if self._blind or self._memory >= self._most_memory or self._cpu >= self._most_cpu:
            return LOOK
        return max(0.0, self._granted_at + RAMP - now)

    def _look(self) -> None:
        try:
            self._memory = self._gauge.memory()
            self._cpu += (self._gauge.cpu() - self._cpu) * _SMOOTHING
        except (OSError, ValueError, LookupError) as error:
            if not self._blind:
                log.warning(
                    "how busy this machine is cannot be told: no further activities meanwhile", error=str(error)
                )
            self._blind = True
        else:
            if self._blind:
                log.info("how busy this machine is can be told again")
            self._blind = False

    def granted(self) -> None:
        """See :class:`Headroom`."""
        self._granted_at = self._clock()


class LinuxGauge:
    """What ``/proc`` says of the machine, or the control group of a container with limits of its own.

    Args:
        proc: Where the kernel tells of processes.
        cgroup: The control group (version 2) that this process is in, as containers see it.

    Raises:
        ConfigurationError: This machine does not say it.
    """

    def __init__(self, proc: Path = Path("/proc"), cgroup: Path = Path("/sys/fs/cgroup")) -> None:
        self._proc = proc
        self._cgroup = cgroup
        try:
            self._memory_limit = _limit(cgroup / "memory.max")
            self._processors = self._processors_allowed()
            self._last = self._used()
            self.memory()
        except (OSError, ValueError, LookupError):
            raise ConfigurationError(
                f"{variable('worker.tuner')}: this machine does not say how busy it is: use fixed"
            ) from None

    def memory(self) -> float:
        """See :class:`Gauge`."""
        machine = dict(line.split(":", 1) for line in (self._proc / "meminfo").read_text().splitlines() if ":" in line)
        total, available = (int(machine[name].split()[0]) * 1024 for name in ("MemTotal", "MemAvailable"))
        used = (total - available) / total
        if self._memory_limit is None:
            return used
        stat = dict(line.split() for line in (self._cgroup / "memory.stat").read_text().splitlines())
        # File pages that nobody has touched lately are given back before anything is killed.
        mine = int((self._cgroup / "memory.current").read_text()) - int(stat["inactive_file"])
        return max(used, mine / self._memory_limit)

    def cpu(self) -> float:
        """See :class:`Gauge`."""
        (used, at), (used_before, at_before) = self._used(), self._last
        self._last = used, at
        return min(1.0, max(0.0, (used - used_before) / max(at - at_before, 1e-9) / self._processors))

    def _used(self) -> tuple[float, float]:
        """Seconds of processors used up to now, and now; of the container if it is limited, else of the machine."""
        if self._limited:
            stat = dict(line.split() for line in (self._cgroup / "cpu.stat").read_text().splitlines())
            return int(stat["usage_usec"]) / 1e6, time.monotonic()
        first = (self._proc / "stat").read_text().partition("\n")[0].split()[1:9]
        user, nice, system, _idle, _waiting, interrupt, soft, stolen = map(int, first)
        ticks = user + nice + system + interrupt + soft + stolen
        return ticks / os.sysconf("SC_CLK_TCK"), time.monotonic()

    def _processors_allowed(self) -> float:
        quota = self._cgroup / "cpu.max"
        self._limited = quota.exists() and not quota.read_text().startswith("max")
        if not self._limited:
            return float(os.cpu_count() or 1)
        allowed, period = map(int, quota.read_text().split())
        return allowed / period


def _limit(file: Path) -> int | None:
    if not file.exists() or (text := file.read_text().strip()) == "max":
        return None
    return int(text)

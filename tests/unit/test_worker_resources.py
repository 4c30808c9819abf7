"""How busy the machine is, read from files such as Linux writes."""

from pathlib import Path

import pytest
import structlog

from kurun_config import ConfigurationError
from kurun_worker.resources import LOOK, RAMP, LinuxGauge, MeasuredHeadroom


def machine(folder: Path, *, available: int = 600, busy: int = 0) -> Path:
    """``/proc`` of a machine with 1000 KiB of memory."""
    folder.mkdir(exist_ok=True)
    (folder / "meminfo").write_text(f"MemTotal: 1000 kB\nMemAvailable: {available} kB\n")
    (folder / "stat").write_text(f"cpu  {busy} 0 0 1000 0 0 0 0 0 0\ncpu0 0 0 0 0\n")
    return folder


def container(folder: Path, *, current: int = 500, limit: str = "1000", cpu: str = "100000 100000") -> Path:
    """The control group of a container."""
    folder.mkdir(exist_ok=True)
    files = {
        "memory.max": limit,
        "memory.current": str(current),
        "memory.stat": "anon 1\ninactive_file 100\n",
        "cpu.max": cpu,
        "cpu.stat": "usage_usec 1000000\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def test_a_machine_that_no_longer_tells_has_no_room(tmp_path: Path) -> None:
    """That is one line of the log, not an error; there is room once it tells again, which is another line."""
    seconds, proc = [0.0], machine(tmp_path / "proc")
    gauge = LinuxGauge(proc, tmp_path / "none")
    headroom = MeasuredHeadroom(gauge, memory=0.9, cpu=2, clock=lambda: seconds[0])

    def later() -> float:
        seconds[0] += 1
        return headroom.wait()

    with structlog.testing.capture_logs() as lines:
        (proc / "meminfo").unlink()
        gone = [later(), headroom.wait(), later()]
        machine(proc)
        back = later()

    assert (gone, back) == ([LOOK] * 3, 0)
    assert [each["log_level"] for each in lines] == ["warning", "info"]


class Gauge:
    """What a test says is in use."""

    def __init__(self) -> None:
        self.used_memory, self.used_cpu = 0.1, 0.1

    def memory(self) -> float:
        """Part of the memory in use."""
        return self.used_memory

    def cpu(self) -> float:
        """Part of the processors in use."""
        return self.used_cpu


def test_the_memory_of_a_machine_and_of_a_container(tmp_path: Path) -> None:
    """The fuller of both counts; file pages that can be given back do not."""
    proc = machine(tmp_path / "proc")
    bare = LinuxGauge(proc, tmp_path / "none").memory()
    full = LinuxGauge(proc, container(tmp_path / "full", current=800)).memory()
    unlimited = LinuxGauge(proc, container(tmp_path / "free", current=999, limit="max")).memory()

    assert (bare, full, unlimited) == (0.4, 0.7, 0.4)


def test_the_processors_of_a_container(tmp_path: Path) -> None:
    """A container with a quota is measured by it: all of it used in a moment is 1."""
    group = container(tmp_path / "group")
    gauge = LinuxGauge(machine(tmp_path / "proc"), group)
    idle = gauge.cpu()
    (group / "cpu.stat").write_text("usage_usec 99000000\n")

    assert (idle, gauge.cpu()) == (0.0, 1.0)


def test_this_machine_says_how_busy_it_is() -> None:
    """The real files of the machine that runs the test are read."""
    gauge = LinuxGauge()

    assert 0 < gauge.memory() < 1
    assert 0 <= gauge.cpu() <= 1


def test_a_machine_that_does_not_say_is_no_machine_for_it(tmp_path: Path) -> None:
    """The message names the setting."""
    with pytest.raises(ConfigurationError, match="KURUN_WORKER_TUNER"):
        LinuxGauge(tmp_path / "none", tmp_path / "none")


def test_room_ends_where_the_settings_say_and_comes_back() -> None:
    """Memory at once; processors smoothed, so that one peak does not count. Between two grants is the ramp."""
    gauge, now = Gauge(), [0.0]
    headroom = MeasuredHeadroom(gauge, memory=0.8, cpu=0.9, clock=lambda: now[0])

    def later() -> float:
        now[0] += LOOK
        return headroom.wait()

    at_first = headroom.wait()
    headroom.granted()
    right_after = headroom.wait()
    gauge.used_memory = 0.81
    full = later()
    gauge.used_memory, gauge.used_cpu = 0.5, 1.0
    peak = later()
    busy = [later() for _ in range(6)][-1]
    gauge.used_cpu = 0.2
    idle = [later() for _ in range(2)][-1]

    assert (at_first, right_after, full, peak, busy, idle) == (0.0, RAMP, LOOK, 0.0, LOOK, 0.0)

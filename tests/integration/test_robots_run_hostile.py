"""Robots that do not want to end, take all they can get, or hide: contained, and nothing of them is left."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from kurun_robots.run.limits import EndedBy
from tests.integration.robot_runs import RobotRuns, open_folder


@pytest.fixture(params=[True, False], ids=["namespaces", "plain"])
def runs(request: pytest.FixtureRequest) -> Iterator[RobotRuns]:
    """Runs with and without namespaces of their own; in the end nothing of them is alive."""
    for folder in open_folder():
        runs = RobotRuns(folder, isolate=request.param)
        yield runs

        assert [] == runs.alive()


async def test_ignores_sigterm(runs: RobotRuns) -> None:
    """Who ignores SIGTERM is killed after the grace."""
    request = runs.python(
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: time.sleep(60)",
        limits={"seconds": 0.5, "grace": 0.3},
    )
    result = await runs.run(request)

    assert (-9, EndedBy.TIMEOUT) == (result.exit_code, result.ended_by)


LEAVES = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        {}
        print("away")
        while True: time.sleep(60)
    os._exit(0)
os.wait()
"""


@pytest.mark.parametrize("step", ["pass", "os.closerange(3, 100)", "os.environ.clear()"])
async def test_leaves_its_session(runs: RobotRuns, step: str) -> None:
    """A process that forks twice, leaves its session and holds the output ends with the run."""
    result = await runs.run(runs.python(LEAVES.format(step), limits={"grace": 0.2}))

    assert (0, None, ["away"]) == (result.exit_code, result.ended_by, runs.said)


async def test_adopts_its_own(runs: RobotRuns) -> None:
    """A robot that adopts orphans itself hides them from nobody."""
    program = "import ctypes\nctypes.CDLL(None).prctl(36, 1, 0, 0, 0)\n" + LEAVES.format("pass")
    result = await runs.run(runs.python(program + "time.sleep(60)", limits={"seconds": 0.5, "grace": 0.1}))

    assert (-9, EndedBy.TIMEOUT, ["away"]) == (result.exit_code, result.ended_by, runs.said)


async def test_siblings_of_the_robot(runs: RobotRuns) -> None:
    """Processes that a robot makes its own siblings, children of the keeper, end too."""
    clone_parent = 0x8000
    program = f"""
import ctypes, os, signal, time
libc = ctypes.CDLL(None)
if libc.syscall({56 if os.uname().machine == "x86_64" else 220}, {clone_parent}, 0, 0, 0, 0) == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.write(1, b"sibling\\n")
    while True: time.sleep(60)
time.sleep(0.2)
"""
    await runs.run(runs.python(program, limits={"grace": 0.2}))

    assert ["sibling"] == runs.said


async def test_fork_storm(runs: RobotRuns) -> None:
    """A fork storm is stopped, and ended, however much it wants to live."""
    request = runs.python(
        """
import os, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
while True:
    try:
        os.fork()
    except OSError:
        pass
""",
        limits={"processes": 30, "ceiling": 60},
    )
    result = await runs.run(request)

    assert (-9, EndedBy.PROCESSES) == (result.exit_code, result.ended_by)


async def test_runs_from_itself(runs: RobotRuns) -> None:
    """A chain of processes, each of which forks the next and ends, is caught."""
    request = runs.python(
        """
import os, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork():
    import time
    time.sleep(60)
os.setsid()
while True:
    try:
        if os.fork(): os._exit(0)
    except OSError:
        pass
""",
        limits={"seconds": 0.5, "grace": 0.1, "processes": 30, "ceiling": 60},
    )
    result = await runs.run(request)

    assert result.ended_by in (EndedBy.TIMEOUT, EndedBy.PROCESSES)  # their dead count, too


async def test_threads(runs: RobotRuns) -> None:
    """Threads count like processes."""
    request = runs.python(
        "import threading, time\nfor _ in range(50): threading.Thread(target=time.sleep, args=(60,)).start()",
        limits={"processes": 30},
    )
    result = await runs.run(request)

    assert EndedBy.PROCESSES == result.ended_by


async def test_endless_output(runs: RobotRuns) -> None:
    """Who writes more than allowed is ended, and no more than that is handed on."""
    result = await runs.run(runs.shell("exec yes", limits={"output": 100_000}))

    assert EndedBy.OUTPUT == result.ended_by
    assert 100_000 >= sum(len(line) + 1 for line in runs.said) > 90_000


async def test_endless_line(runs: RobotRuns) -> None:
    """An endless line takes no memory and is handed on once, cut."""
    result = await runs.run(runs.shell("exec tr '\\0' x < /dev/zero", limits={"output": 5 * 2**20}))

    assert EndedBy.OUTPUT == result.ended_by
    assert ["x" * 8192 + " …"] == runs.said


async def test_memory(runs: RobotRuns) -> None:
    """Who takes more memory than allowed is ended, also where each of its processes takes little."""
    request = runs.python(
        """
import os, time
for _ in range(8):
    if os.fork() == 0:
        held = bytearray(os.urandom(2**20) * 20)
        time.sleep(60)
time.sleep(60)
""",
        limits={"memory": 100 * 2**20},
    )
    result = await runs.run(request)

    assert (-9, EndedBy.MEMORY) == (result.exit_code, result.ended_by)


async def test_shared_memory_counts_once(runs: RobotRuns) -> None:
    """What many processes share counts once."""
    request = runs.python(
        """
import os, time
held = bytearray(os.urandom(2**20) * 60)
for _ in range(4):
    if os.fork() == 0:
        time.sleep(60)
time.sleep(1)
print("fine")
""",
        limits={"memory": 150 * 2**20},
    )
    result = await runs.run(request)

    assert (0, None, ["fine"]) == (result.exit_code, result.ended_by, runs.said)


async def test_large_allocation(runs: RobotRuns) -> None:
    """An allocation far beyond the limit fails at once, before the keeper could look."""
    result = await runs.run(runs.python("bytearray(2**33)", limits={"memory": 2**28}))

    assert (1, None) == (result.exit_code, result.ended_by)
    assert "MemoryError" in runs.said[-1]


DISK = {
    "one file": "f = open('big', 'wb')\nwhile True: f.write(b'x' * 2**20)",
    "signal": "import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_DFL)\nf = open('big', 'wb')\n"
    "while True: f.write(b'x' * 2**20)",
    "many files": "import itertools\nfor n in itertools.count(): open(f'f{n}', 'wb').write(b'x' * 2**20)",
    "no content": "import itertools\nfor n in itertools.count(): open(f'f{n}', 'wb').close()",
    "no name": "import os\nheld = []\nwhile True:\n"
    "    held.append(open('f', 'wb')); held[-1].write(b'x' * 2**20); held[-1].flush(); os.unlink('f')",
    "in memory": "import os\nheld = []\nwhile len(held) < 64:\n"
    "    held.append(os.memfd_create('f')); os.write(held[-1], b'x' * 2**20)\nimport time; time.sleep(60)",
}


@pytest.mark.parametrize("program", DISK.values(), ids=DISK)
async def test_disk(runs: RobotRuns, program: str) -> None:
    """Whoever fills the disk is ended, in whatever way."""
    request = runs.python(program, limits={"disk": 16 * 2**20})
    result = await runs.run(request)

    assert EndedBy.DISK == result.ended_by
    assert 2**30 > sum(file.stat().st_size for file in request.folder.rglob("*"))


async def test_closes_its_output(runs: RobotRuns) -> None:
    """A robot that closes its output goes on, and is waited for."""
    request = runs.python("import os, time\nos.close(1); os.close(2)\ntime.sleep(0.3)\nopen('done', 'w'); os._exit(5)")
    result = await runs.run(request)

    assert (5, True) == (result.exit_code, (request.folder / "done").exists())


async def test_kills_its_group(runs: RobotRuns) -> None:
    """A robot that kills its own process group has killed itself alone."""
    result = await runs.run(runs.shell("kill -9 0"))

    assert (-9, None) == (result.exit_code, result.ended_by)


async def test_kills_its_parent(runs: RobotRuns) -> None:
    """A robot of another user, or in namespaces, cannot end what watches it."""
    if os.geteuid() != 0 and not runs.isolate:
        pytest.skip("the same user may; see the tests of that")
    request = runs.python(
        """
import os, signal
for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM):
    try:
        os.kill(os.getppid(), number)
    except OSError:
        pass
print("tried")
"""
    )
    result = await runs.run(request)

    assert (0, None, ["tried"]) == (result.exit_code, result.ended_by, runs.said)


async def test_reads_other_environments(runs: RobotRuns, monkeypatch: pytest.MonkeyPatch) -> None:
    """A robot of another user, or in namespaces, finds nothing in /proc of the worker and of what started it."""
    if os.geteuid() != 0 and not runs.isolate:
        pytest.skip("the same user may look at what started the worker")
    secret = f"s3cret-{uuid4().hex}"
    monkeypatch.setenv("WORKER_SECRET", secret)  # what the worker starts from now on inherits it
    sleeper = await asyncio.create_subprocess_exec("sleep", "60")
    request = runs.python(
        """
import glob
found = 0
for file in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/cmdline"):
    try:
        found += SECRET in open(file, "rb").read()
    except OSError:
        pass
print(found)
""".replace("SECRET", repr(secret.encode()))
    )
    try:
        await runs.run(request)
    finally:
        sleeper.kill()
        await sleeper.wait()

    assert ["0"] == runs.said


async def test_shared_places(runs: RobotRuns) -> None:
    """With namespaces of its own, shared memory that a robot leaves behind is gone with it."""
    if not runs.isolate:
        pytest.skip("there are none")
    name = f"/dev/shm/{runs.token}"  # noqa: S108 - the place is the point
    result = await runs.run(runs.shell(f"echo x > {name} && test -e {name}"))

    assert (0, False) == (result.exit_code, Path(name).exists())

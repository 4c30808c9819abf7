"""Workers that are no root, robots that turn against their keeper, and workers that are killed."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import kurun_clients
import kurun_robots
from tests.integration import robots_worker
from tests.integration.robot_runs import NOBODY, ROOT, SMALL, RobotRuns, command_lines, open_folder, robot_python
from tests.waiting import until

pytestmark = pytest.mark.long

SOURCES = [str(Path(str(package.__file__)).parents[1]) for package in (kurun_robots, kurun_clients)]


class Worker:
    """A worker in a process of its own, of the same user as its robots."""

    def __init__(self, runs: RobotRuns) -> None:
        self.runs = runs
        self.process: asyncio.subprocess.Process
        self._started = False

    async def start(self, program: str, *, isolate: bool, root: bool = False, **changes: float) -> None:
        """Start it with one robot."""
        request = self.runs.python(program)
        silence = changes.pop("silence", 20.0)
        user = NOBODY if ROOT and not root else None
        if user is not None:
            for place in (request.folder, request.folder / "robot.py"):
                os.chown(place, user, user)
        order = {
            "command": request.command,
            "folder": str(request.folder),
            "isolate": isolate,
            "limits": asdict(replace(SMALL, **changes)),  # type: ignore[arg-type]
            "silence": silence,
        }
        self.process = await asyncio.create_subprocess_exec(
            *(robot_python(), robots_worker.__file__, json.dumps(order)),
            stdout=asyncio.subprocess.PIPE,
            env={"PYTHONPATH": os.pathsep.join(SOURCES), "PATH": os.environ["PATH"]},
            cwd="/",
            user=user,
            group=user,
        )
        self._started = True

    async def told(self) -> dict[str, Any]:
        """The next thing it prints."""
        assert self.process.stdout is not None
        line = await asyncio.wait_for(self.process.stdout.readline(), 30)
        assert line, "the worker's process ended"
        found: dict[str, Any] = json.loads(line)
        return found

    async def end(self) -> None:
        """Kill it if it still runs."""
        if self._started:
            if self.process.returncode is None:
                self.process.kill()
            await self.process.communicate()


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    """A worker; it ends with the test, and nothing of its robot is left."""
    if not os.access(robots_worker.__file__, os.R_OK):
        pytest.skip("the sources cannot be read")
    for folder in open_folder():
        runs = RobotRuns(folder)
        worker = Worker(runs)
        yield worker
        await worker.end()
        await until(partial(_nothing_of, runs.token), seconds=10)


@pytest.fixture(params=[True, False], ids=["namespaces", "plain"])
def isolate(request: pytest.FixtureRequest) -> bool:
    """With and without namespaces."""
    return bool(request.param)


async def test_not_root(worker: Worker, isolate: bool) -> None:
    """A worker that is not root runs robots as itself; namespaces are used where any user may have them."""
    await worker.start("import os; print(os.getuid())", isolate=isolate)

    assert {"line": str(NOBODY if ROOT else os.getuid())} == await worker.told()
    result = (await worker.told())["result"]
    assert (0, None) == (result["code"], result["by"])
    assert isolate or not result["isolated"]


HUNT = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
parent = os.getppid()
{}
targets = [parent]
if parent == 1:  # in namespaces: all there is
    targets = [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]
for target in targets:
    os.kill(target, signal.{})
if os.fork() == 0:
    os.setsid()
print("went on", flush=True)
while True: time.sleep(60)
"""


async def test_keeper_is_out_of_reach(worker: Worker) -> None:
    """In namespaces a robot of the keeper's user cannot find it."""
    await worker.start(HUNT.format("pass", "SIGKILL"), isolate=True, seconds=0.5, grace=0.1)

    told = [await worker.told() for _ in range(3)]
    if "error" in told[-1]:
        pytest.skip("this machine gives no namespaces to users")
    assert {"code": -9, "by": "timeout", "isolated": True} == told[-1]["result"]


@pytest.mark.parametrize("number", ["SIGKILL", "SIGSTOP"])
@pytest.mark.parametrize("mark", ["pass", "os.fork() and os._exit(0); os.setsid()"], ids=["plain", "new session"])
async def test_robot_against_keeper(worker: Worker, number: str, mark: str) -> None:
    """A robot that kills or stops the keeper of its own user is found by its marks and ended."""
    await worker.start(HUNT.format(mark, number), isolate=False, silence=2.0)

    while "error" not in (told := await worker.told()):
        pass
    assert "RunLost: the robot's keeper was killed" in told["error"]


async def test_worker_hides(worker: Worker) -> None:
    """Who hides from robots cannot be looked into, though they have the same user."""
    program = """
import os
parent = int(open(f"/proc/{os.getppid()}/stat").read().rsplit(")", 1)[1].split()[1])
for pid in (os.getppid(), parent):
    for file in ("environ", "mem", "maps"):
        try:
            print("open", open(f"/proc/{pid}/{file}", "rb").read(10))
        except PermissionError:
            print("shut")
"""
    await worker.start(program, isolate=False)

    assert [{"line": "shut"}] * 6 == [await worker.told() for _ in range(6)]


@pytest.mark.parametrize("root", [False, True], ids=["user", "root"])
async def test_worker_is_killed(worker: Worker, isolate: bool, root: bool) -> None:
    """When the worker is killed, nothing of its robots is left after 10 seconds, however much they want to stay."""
    program = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print("away", flush=True)
while True: time.sleep(60)
"""
    if root and not ROOT:
        pytest.skip("root is needed")
    await worker.start(program, isolate=isolate, root=root, grace=0.2 if root else 60.0)
    assert {"line": "away"} == await worker.told()
    before = time.monotonic()
    worker.process.kill()
    await until(partial(_nothing_of, worker.runs.token), seconds=10)

    assert 10 > time.monotonic() - before


async def test_keeper_is_killed_with_the_worker(worker: Worker) -> None:
    """In namespaces, the kernel ends the robot when keeper and worker are killed together."""
    await worker.start("import os, time\nos.fork()\nprint('up', flush=True)\ntime.sleep(60)", isolate=True)
    await worker.told()
    keepers = [pid for pid, _ in command_lines() if _parent(pid) == worker.process.pid]
    if not keepers or worker.process.returncode is not None:
        pytest.fail("no keeper")
    worker.process.kill()
    for keeper in keepers:
        os.kill(keeper, 9)
    # The fixture waits until nothing is left.


def _nothing_of(token: str) -> bool:
    return not [line for _, line in command_lines() if token in line]


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    except OSError:
        return 0

"""A robot's run as its package sees it, and what comes back."""

import asyncio
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kurun_robots.errors import EnvironmentUnavailable, PackageInvalid
from kurun_robots.run.clearing import remove
from kurun_robots.run.limits import EndedBy
from kurun_robots.run.masking import MASK
from kurun_robots.run.request import OutputLine, Progress
from kurun_robots.run.runner import run
from tests.integration.robot_runs import ROOT, RobotRuns, open_folder


@pytest.fixture(params=[True, False], ids=["namespaces", "plain"])
def runs(request: pytest.FixtureRequest) -> Iterator[RobotRuns]:
    """Runs with and without namespaces of their own."""
    for folder in open_folder():
        yield RobotRuns(folder, isolate=request.param)


async def test_result(runs: RobotRuns) -> None:
    """The exit code, the time and both streams come back."""
    result = await runs.run(runs.shell("echo one; echo two >&2; exit 3"))

    assert (3, None) == (result.exit_code, result.ended_by)
    assert 0 < result.seconds < 10
    assert {OutputLine("stdout", "one"), OutputLine("stderr", "two")} == set(result.last_lines)
    assert set(runs.lines) == set(result.last_lines)


async def test_signal(runs: RobotRuns) -> None:
    """A command that a signal ended has its number, below zero."""
    result = await runs.run(runs.shell("kill -9 $$"))

    assert (-9, None) == (result.exit_code, result.ended_by)


async def test_environment(runs: RobotRuns, monkeypatch: pytest.MonkeyPatch) -> None:
    """A robot gets the few variables that programs need and its own, and nothing of the worker's."""
    monkeypatch.setenv("WORKER_SECRET", "not for robots")
    request = runs.python(
        "import json, os; print(json.dumps(dict(os.environ)))",
        variables={"KUFLOW_ROBOT_ID": "7", "OWN": "a\nb"},
        path=(Path("/opt/first"),),
    )

    await runs.run(request)

    found = json.loads(runs.said[0])
    found = {name: value for name, value in found.items() if name not in ("KURUN_RUN", "PWD", "LC_CTYPE", "_")}
    assert {
        "PATH": "/opt/first:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(request.folder / "home"),
        "TMPDIR": str(request.folder / "tmp"),
        "LANG": "C.UTF-8",
        "KUFLOW_ROBOT_ID": "7",
        "OWN": "a\nb",
    } == found


async def test_process(runs: RobotRuns) -> None:
    """A robot has no input, no other open files, no way to another user, and keeps its files to itself."""
    request = runs.python(
        """
import json, os, resource, sys
status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
print(json.dumps({
    "input": sys.stdin.read(),
    "files": sorted(int(name) for name in os.listdir("/proc/self/fd"))[:-1],
    "new privileges": status["NoNewPrivs"].strip(),
    "capabilities": int(status["CapEff"], 16),
    "groups": os.getgroups() if ROOT else [],
    "umask": os.umask(0),
    "core": resource.getrlimit(resource.RLIMIT_CORE),
    "root": os.getuid() == 0,
    "folder": os.getcwd(),
    "leader": os.getsid(0) == os.getpid(),
    "signals": int(status["SigBlk"], 16),
}))
""".replace("ROOT", str(ROOT))
    )

    await runs.run(request)

    expected = {
        "input": "",
        "files": [0, 1, 2],
        "new privileges": "1",
        "capabilities": 0,
        "groups": [],
        "umask": 0o077,
        "core": [0, 0],
        "root": False,
        "folder": str(request.folder),
        "leader": True,
        "signals": 0,
    }
    assert expected == json.loads(runs.said[0])


async def test_whole_lines_and_secrets(runs: RobotRuns) -> None:
    """Whole lines come: secrets masked, also over two writes, bytes that are no text replaced, long ones cut."""
    request = runs.python(
        r"""
import os, sys
os.write(1, b"the password is hun")
os.write(1, b"ter22!\n\xff\xfe\n")
os.write(1, b"x" * 100_000 + b"hunter22\nlast without end")
""",
        secrets=("hunter22", "abc"),
    )

    await runs.run(request)

    first, second, long, last = runs.said
    assert f"the password is {MASK}!" == first
    assert "��" == second
    assert 8194 == len(long)
    assert "last without end" == last


async def test_progress(runs: RobotRuns) -> None:
    """While it runs, a robot's use is told."""
    told: list[Progress] = []
    arrived = asyncio.Event()
    stop = asyncio.Event()

    def take(progress: Progress) -> None:
        told.append(progress)
        arrived.set()

    request = runs.python("print('up'); import time; time.sleep(60)")
    running = asyncio.ensure_future(runs.run(request, on_progress=take, stop=stop))
    await asyncio.wait_for(arrived.wait(), 20)
    stop.set()
    await running

    assert told[0].processes >= 1
    assert told[0].memory > 2**20
    assert told[0].disk > 0
    assert told[0].seconds > 0


async def test_stop_is_kind(runs: RobotRuns) -> None:
    """A robot that is stopped gets SIGTERM and may end by itself; its result comes back."""
    stop = asyncio.Event()
    request = runs.python(
        """
import signal, sys, time
def end(*_):
    print("bye")
    sys.exit(7)
signal.signal(signal.SIGTERM, end)
print("up")
time.sleep(60)
"""
    )
    running = asyncio.ensure_future(runs.run(request, stop=stop))
    await runs.until_said("up")
    stop.set()
    result = await running

    assert (7, EndedBy.CANCELLED) == (result.exit_code, result.ended_by)
    assert ["up", "bye"] == runs.said


async def test_cancellation_waits(runs: RobotRuns) -> None:
    """A cancelled run is over only when the robot has ended, which may say good-bye."""
    request = runs.python(
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(print('bye')))\n"
        "print('up'); time.sleep(60)"
    )
    running = asyncio.ensure_future(runs.run(request))
    await runs.until_said("up")
    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running
    assert ["up", "bye"] == runs.said
    assert [] == runs.alive()


async def test_second_cancellation_hurries(runs: RobotRuns) -> None:
    """Who cancels twice does not wait for the grace, and nothing is left all the same."""
    request = runs.python(
        "import signal, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: print('no'))\n"
        "print('up')\nwhile True: time.sleep(60)",
        limits={"grace": 100.0},
    )
    running = asyncio.ensure_future(runs.run(request))
    await runs.until_said("up")
    running.cancel()
    await runs.until_said("no")
    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(asyncio.shield(running), 20)
    assert [] == runs.alive()


async def test_cancelled_before_it_starts(runs: RobotRuns) -> None:
    """A run that is cancelled at once starts nothing, and touches its folder no more when it is over."""
    request = runs.python("open('ran', 'w')")
    running = asyncio.ensure_future(runs.run(request))
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert ["home", "robot.py", "tmp"] == sorted(place.name for place in request.folder.iterdir())


async def test_stopped_before_it_starts(runs: RobotRuns) -> None:
    """A run that is stopped at once starts nothing and says so."""
    stop = asyncio.Event()
    stop.set()
    request = runs.python("open('ran', 'w')")
    result = await runs.run(request, stop=stop)

    assert (EndedBy.CANCELLED, False) == (result.ended_by, (request.folder / "ran").exists())


async def test_listener_fails(runs: RobotRuns) -> None:
    """If the caller cannot take a line, the robot is ended and the caller's error raised."""

    def refuse(_: OutputLine) -> None:
        raise ZeroDivisionError

    request = runs.python("import time\nprint('up'); time.sleep(60)")
    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(run(request, refuse), 20)
    assert [] == runs.alive()


@pytest.mark.skipif(not ROOT, reason="only root can change the user")
@pytest.mark.parametrize(("user", "why"), [("no-such-user", "no such user"), ("root", "do not run as root")])
async def test_user(runs: RobotRuns, user: str, why: str) -> None:
    """Robots run as a user that exists and is not root."""
    with pytest.raises(EnvironmentUnavailable, match=why):
        await runs.run(runs.shell("true", user=user))


@pytest.mark.skipif(not ROOT, reason="others run robots as themselves")
async def test_unreachable_folder(runs: RobotRuns, tmp_path: Path) -> None:
    """A folder that the robot's user cannot enter is the machine's fault and named."""
    own = tmp_path / "run"
    own.mkdir()
    with pytest.raises(EnvironmentUnavailable, match=f"enter the folder {own}: Permission denied"):
        await runs.run(replace(runs.shell("true"), folder=own))


async def test_too_long(runs: RobotRuns) -> None:
    """A command that the system cannot start is told."""
    with pytest.raises(EnvironmentUnavailable, match="too long"):
        await runs.run(runs.shell("true", variables={"LONG": "x" * 3 * 2**20}))


@pytest.mark.parametrize("variables", [{"A=B": "c"}, {"": "c"}, {"A": "b\0c"}])
async def test_no_variable(runs: RobotRuns, variables: dict[str, str]) -> None:
    """What cannot be a variable is refused."""
    with pytest.raises(PackageInvalid, match="variable"):
        await runs.run(runs.shell("true", variables=variables))


async def test_folder_is_removed(runs: RobotRuns) -> None:
    """Whatever a robot made of its folder can be removed: too deep for Python, shut, full of links.

    A folder too deep to be looked into is a way of hiding, and counts as too much.
    """
    request = runs.python(
        """
import os
os.symlink("/", "link")
os.mkdir("shut"); open("shut/file", "w").close(); os.chmod("shut", 0)
for _ in range(1200):
    os.mkdir("deeper"); os.chdir("deeper")
""",
    )
    result = await runs.run(request)
    await remove(request.folder)

    assert (EndedBy.DISK, False) == (result.ended_by, request.folder.exists())
    assert os.path.isdir("/usr")  # noqa: PTH112 - the link was not followed

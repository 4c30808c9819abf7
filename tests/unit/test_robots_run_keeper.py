"""Parts of the keeper: what it sees of processes and disks, and what it is told."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kurun_config.robots import RobotSettings
from kurun_robots.errors import EnvironmentUnavailable, RunLost
from kurun_robots.run.keeper.gauges import ENTRY, DiskUse
from kurun_robots.run.keeper.order import Order
from kurun_robots.run.keeper.processes import (
    descendants,
    descendants_quickly,
    look_at,
    proportional_memory,
    send,
    threads_of_user,
)
from kurun_robots.run.leftovers import end_leftovers
from kurun_robots.run.limits import RunLimits
from kurun_robots.run.preparing import MARK, hand_over, prepare, user_of
from kurun_robots.run.request import RunRequest
from tests.integration.robot_runs import RobotRuns, command_lines, open_folder

ORDER = Order("true", "/", "/", "/", ("/a",), {"A": "b"}, (1, 2), isolate=True, limits=RunLimits())


@pytest.mark.parametrize("order", [ORDER, replace(ORDER, user=None, variables={"A": "ü\n" * 100})])
def test_order(order: Order) -> None:
    """An order arrives as it was sent, with what follows right behind it."""
    reading, writing = os.pipe()
    os.write(writing, order.to_json() + b"s")

    assert (order, b"s") == Order.read(reading)
    os.close(writing)
    os.close(reading)


def test_no_order() -> None:
    """A worker that ends before it ordered anything gets nothing run."""
    reading, writing = os.pipe()
    os.write(writing, ORDER.to_json()[:-1])
    os.close(writing)

    with pytest.raises(EOFError):
        Order.read(reading)
    os.close(reading)


def test_limits_of_settings() -> None:
    """The settings' limits are those of a run."""
    settings = RobotSettings(
        timeout=timedelta(minutes=2),
        stop_grace=timedelta(seconds=3),
        max_memory=4,
        max_processes=5,
        max_concurrent=6,
        max_output_bytes=7,
        max_disk=8,
    )

    assert RunLimits(seconds=120, grace=3, memory=4, processes=5, output=7, disk=8, ceiling=35) == RunLimits.of(
        settings
    )


async def test_looking_at_processes() -> None:
    """Processes below one are found in both ways, whatever their names look like."""
    program = "import subprocess; print(1, flush=True); subprocess.call(['bash', '-c', 'exec -a \"a) R (b\" sleep 60'])"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        await process.stdout.readline()
        async with asyncio.timeout(20):
            while not (found := descendants(process.pid)):
                await asyncio.sleep(0.01)
        quick = descendants_quickly(process.pid)
        me = look_at(os.getpid())

        assert {each.pid for each in found} == {each.pid for each in quick}
        assert process.pid in {each.pid for each in descendants(os.getpid())}
        assert me is not None
        assert (os.getppid(), os.getsid(0), False) == (me.parent, me.session, me.zombie)
        assert me.memory > 0
        assert 0 < proportional_memory([me]) <= 2 * me.memory
        assert threads_of_user(os.geteuid()) >= me.threads
        assert all(send(each, signal.SIGKILL) for each in found)
    finally:
        await process.wait()
    assert look_at(process.pid) is None


async def test_another_with_the_same_number() -> None:
    """A process that has the number of another, older one is not signalled."""
    process = await asyncio.create_subprocess_exec("sleep", "60")
    try:
        seen = look_at(process.pid)
        assert seen is not None
        assert not send(replace(seen, started=seen.started - 1), signal.SIGKILL)
        assert process.returncode is None
        assert send(seen, signal.SIGKILL)
    finally:
        assert -9 == await process.wait()
    assert not send(seen, signal.SIGKILL)


def test_disk_use(tmp_path: Path) -> None:
    """Files count with what they take, folders and links once and links not for what they lead to."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_bytes(b"x" * 2**20)
    (tmp_path / "folder" / "again").hardlink_to(tmp_path / "folder" / "file")
    (tmp_path / "link").symlink_to("/")
    with (tmp_path / "hollow").open("wb") as file:
        file.truncate(2**30)
    use = DiskUse(str(tmp_path))
    use.step(100, ())

    blocks = sum(place.lstat().st_blocks * 512 for place in tmp_path.rglob("*") if place.name != "again")
    assert blocks + 4 * ENTRY == use.bytes


def test_disk_use_in_steps(tmp_path: Path) -> None:
    """A count takes as many steps as it needs; until the next is complete the last one holds, or more."""
    for number in range(10):
        (tmp_path / str(number)).touch()
    use = DiskUse(str(tmp_path))
    seen = []
    for _ in range(6):
        use.step(4, ())
        seen.append(use.bytes)
    for file in tmp_path.iterdir():
        file.unlink()
    for _ in range(6):
        use.step(4, ())

    assert sorted(seen) == seen
    assert (10 * ENTRY, 0) == (seen[-1], use.bytes)


async def test_leftovers() -> None:
    """What has the mark, the session, or was seen is found with all below it, and nothing else."""
    marked = await _sleeper("sleep 60 & wait", {MARK: "this"})
    other = await _sleeper("exec sleep 60", {MARK: "that"})
    unmarked = await _sleeper("sleep 60", {})
    known = await _sleeper("sleep 60", {})
    seen = look_at(known.pid)
    assert seen is not None
    left = await asyncio.to_thread(end_leftovers, "this", unmarked.pid, [(seen.pid, seen.started), (other.pid, 1)])

    assert [] == left
    assert [-9, -9, -9] == [await each.wait() for each in (marked, unmarked, known)]
    assert other.returncode is None
    other.kill()
    await other.wait()


async def _sleeper(command: str, variables: dict[str, str]) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        "sh", "-c", f"echo; {command}", env={**os.environ, **variables}, start_new_session=True, stdout=-1
    )
    assert process.stdout is not None
    await process.stdout.readline()
    return process


async def test_a_keeper_that_somebody_else_ends() -> None:
    """Nobody cancelled the robot, and it went over no limit: it was lost."""
    with contextmanager(open_folder)() as folder:
        runs = RobotRuns(folder)
        running = asyncio.create_task(runs.run(runs.shell("echo up; exec sleep 60")))
        await runs.until_said("up")
        mine = {each.pid for each in descendants(os.getpid()) if each.parent == os.getpid()}
        [keeper] = [pid for pid, line in command_lines() if pid in mine and "keeper/__main__.py" in line]
        os.kill(keeper, signal.SIGTERM)

        with pytest.raises(RunLost, match="this worker did not send"):
            await running


def test_own_user() -> None:
    """Who is not root runs robots as itself; root as nobody."""
    assert (os.geteuid() == 0) == (user_of(None) is not None)


def test_unknown_user() -> None:
    """A user that does not exist is the machine's fault."""
    with pytest.raises(EnvironmentUnavailable, match="no such user"):
        user_of("no-such-user-here")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_hand_over(tmp_path: Path) -> None:
    """A folder is handed over with all in it, links themselves and not what they lead to."""
    outside = tmp_path / "outside"
    outside.touch()
    folder = tmp_path / "folder"
    (folder / "deep" / "deeper").mkdir(parents=True)
    (folder / "deep" / "link").symlink_to(outside)
    (folder / "deep" / "up").symlink_to(tmp_path)
    hand_over(folder, 65534, 65534)

    assert {65534} == {place.lstat().st_uid for place in (folder, *folder.rglob("*"))}
    assert (0, 0) == (outside.stat().st_uid, tmp_path.stat().st_uid)


def test_nothing_of_the_secrets_in_words(tmp_path: Path) -> None:
    """A request shown in a log shows neither variables nor secrets."""
    request = RunRequest("true", tmp_path, variables={"A": "s3cret"}, secrets=("s3cret",))

    assert "s3cret" not in repr(request)
    assert "s3cret" in prepare(request, "mark").to_json().decode()


def test_keeper_needs_no_packages() -> None:
    """The keeper starts with the standard library alone, so that it starts quickly."""
    root = Path(__file__).parents[2] / "robots"
    program = f"import sys; sys.path.append({str(root)!r}); import kurun_robots.run.keeper.keeper; print(*sys.modules)"
    said = subprocess.check_output([sys.executable, "-I", "-S", "-c", program], text=True)  # noqa: S603 - ourselves

    assert set() == {name.partition(".")[0] for name in said.split()} & {
        "asyncio",
        "pathlib",
        "pydantic",
        "kurun_config",
    }

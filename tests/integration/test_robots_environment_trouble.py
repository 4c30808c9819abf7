"""Environments of robots when something is wrong: with what is asked for, with the machine, with other workers."""

import asyncio
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kurun_robots.environment import Environment, Environments, locks
from kurun_robots.environment.eviction import RECORD
from kurun_robots.errors import EnvironmentInvalid, EnvironmentUnavailable
from tests.integration.robot_environments import (
    Index,
    Stage,
    counted,
    index,
    lease_once,
    manifest,
    python_says,
    source,
    stage,
    until_joined,
    wheel,
    worker,
)
from tests.integration.robot_runs import ROOT as IS_ROOT
from tests.waiting import until

__all__ = ["index", "stage"]


@pytest.mark.parametrize("requirement", ["tool==9", "nosuch", "tool>=2", "https://{host}/nosuch-1-py3-none-any.whl"])
async def test_no_such_requirement(stage: Stage, index: Index, requirement: str) -> None:
    """What no index has is the package's mistake; nothing is left of the try."""
    name = requirement.partition("=")[0].partition(">")[0].format(host=index.url.removeprefix("http://"))
    package = stage.package(requirement.format(host=index.url.removeprefix("http://")).replace("https:", "http:"))

    with pytest.raises(EnvironmentInvalid, match=r"the requirements cannot be installed: .*") as caught:
        await lease_once(stage, package)
    assert name.rpartition("/")[2].partition("-")[0] in str(caught.value)
    assert [] == list((stage.home / "environments").iterdir())


async def test_not_a_requirement(stage: Stage) -> None:
    """A line that is no requirement is the package's mistake."""
    with pytest.raises(EnvironmentInvalid, match=r"^requirements.txt:1: is no requirement"):
        await lease_once(stage, stage.package("tool===\n"))


async def test_index_is_down(stage: Stage, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that cannot be reached is not the package's mistake; once it is there, the next try works."""
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    package = stage.package("tool\n")

    with pytest.raises(EnvironmentUnavailable, match="Connection refused"):
        await lease_once(stage, package)
    assert [] == stage.places()
    monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
    assert "1.5" == await python_says(await lease_once(stage, package), "import tool; print(tool.VERSION)")


@pytest.mark.parametrize("status", [401, 429, 500, 503])
async def test_index_is_unwell(stage: Stage, index: Index, status: int) -> None:
    """An index that refuses or fails is not the package's mistake."""
    index.status = status

    with pytest.raises(EnvironmentUnavailable, match=str(status)):
        await lease_once(stage, stage.package("tool\n"))


async def test_index_sends_something_else(stage: Stage, index: Index) -> None:
    """A file that is not what the index says is refused."""
    index.hashes["part-2.0-py3-none-any.whl"] = "0" * 64

    with pytest.raises(EnvironmentInvalid, match=r"Hash mismatch for `part==2.0`"):
        await lease_once(stage, stage.package("part\n"))


async def test_offline(stage: Stage, index: Index) -> None:
    """Offline, environments are made from uv's cache; what is not there cannot be had now."""
    await lease_once(stage, stage.package("tool\n"))
    index.asked.clear()
    other = await lease_once(stage, stage.package("tool\npart\n", "other"), offline=True)

    assert "1.5" == await python_says(other, "import tool; print(tool.VERSION)")
    with pytest.raises(EnvironmentUnavailable, match=r"robots\.offline is set, and this machine's caches lack it"):
        await lease_once(stage, stage.package("unseen\n", "third"), offline=True)
    assert [] == index.asked


async def test_build_fails(stage: Stage, index: Index) -> None:
    """A source distribution that does not build is the package's mistake, told with what it wrote."""
    index.add(source("raw", prelude="raise SystemExit('no compiler for this')"))

    with pytest.raises(EnvironmentInvalid, match=r"Failed to build `raw==1.0`.*no compiler for this"):
        await lease_once(stage, stage.package("raw\n"))


async def test_build_takes_too_long(stage: Stage, index: Index) -> None:
    """A build is ended after its time, with all it started."""
    mark = f"{time.time_ns()}"
    index.add(source("raw", prelude=f"import subprocess; subprocess.run(['sleep', '{mark}'])"))

    with pytest.raises(EnvironmentUnavailable, match="was not ready after 2 s"):
        await lease_once(stage, stage.package("raw\n"), build_timeout=2, stop_grace=1)
    assert not sleeping(mark)
    assert [] == stage.places()


async def test_cancelled(stage: Stage, index: Index) -> None:
    """A cancelled build ends what it started, and leaves nothing."""
    mark = f"{time.time_ns()}"
    index.add(source("raw", prelude=f"import subprocess; subprocess.run(['sleep', '{mark}'])"))
    asking = asyncio.create_task(lease_once(stage, stage.package("raw\n"), stop_grace=1))
    await until(lambda: sleeping(mark))
    asking.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asking
    assert not sleeping(mark)
    assert [] == stage.places()


async def test_others_go_on(stage: Stage, index: Index) -> None:
    """When the task that makes an environment is cancelled, one of those who wait makes it."""
    environments, package, index.hold = stage.environments(), stage.package("tool\n"), asyncio.Event()

    async def ask() -> Path:
        async with environments.lease(manifest(), package) as environment:
            return environment.python

    first, *others = [asyncio.create_task(ask()) for _ in range(3)]
    await until_joined(environments, 3)
    await index.held.wait()
    first.cancel()
    index.hold.set()

    assert 1 == len(set(await asyncio.gather(*others)))
    assert first.cancelled()


async def test_processes_share(stage: Stage, index: Index) -> None:
    """Workers in several processes that ask at the same time have one environment, made once."""
    index.add(counted(stage))
    index.hold = asyncio.Event()
    package = stage.package("raw\n")
    async with worker(stage, package) as one, worker(stage, package) as two, worker(stage, package) as three:
        await index.held.wait()
        index.hold.set()
        pythons = {await each.until("ready") for each in (one, two, three)}
        for each in (one, two, three):
            await each.end()

        assert 1 == len(pythons)
        assert "x" == (stage.folder / "open" / "count").read_text()


async def test_made_by_another_meanwhile(stage: Stage) -> None:
    """Who waits to make an environment has the one that another worker made, though that one is using it by then."""
    environments, package = stage.environments(), stage.package("tool\n")
    made = await lease_once(stage, package)
    record = stage.home / "environments" / made.key.digest / RECORD
    hidden = record.rename(record.with_suffix(".hidden"))  # as if it were not ready yet
    other = await locks.shared(stage.home / "environments" / f"{made.key.digest}.lock", patience=0)
    try:
        async with asyncio.timeout(10):
            asking = asyncio.create_task(lease_of(environments, package))
            await until_joined(environments, 1)
            hidden.rename(record)

            assert made == await asking
    finally:
        other.release()


async def test_killed_worker(stage: Stage, index: Index) -> None:
    """A worker killed while it makes an environment holds nobody up; what it left is removed."""
    index.hold = asyncio.Event()
    package = stage.package("tool\n")
    async with worker(stage, package) as killed:
        await index.held.wait()
        left = stage.places()
        killed.process.kill()
        await killed.process.wait()
        index.hold.set()
        environment = await lease_once(stage, package)

        assert 1 == len(left)
        assert "1.5" == await python_says(environment, "import tool; print(tool.VERSION)")
        assert [environment.python.parents[2]] == stage.places()


async def test_leftovers_are_evicted(stage: Stage, index: Index) -> None:
    """What a killed worker left behind goes with the next eviction, even if nobody wants it again."""
    index.hold = asyncio.Event()
    async with worker(stage, stage.package("tool\n")) as killed:
        await index.held.wait()
        killed.process.kill()
        await killed.process.wait()
        await stage.environments().evict()

        assert [] == stage.places()


async def test_old_ones_go(stage: Stage) -> None:
    """An environment that nobody has used for its life is removed; a use makes it young again."""
    old, used = await lease_once(stage, stage.package()), await lease_once(stage, stage.package("tool\n", "other"))
    for environment in (old, used):
        age(stage, environment.key.digest, 3000)
    await lease_once(stage, stage.package("tool\n", "other"))
    await stage.environments(cache_life=1000).evict()

    assert [used.key.digest] == stage.kept()
    assert not (stage.home / "environments" / f"{old.key.digest}.lock").exists()
    assert "1.5" == await python_says(
        await lease_once(stage, stage.package("tool\n", "other")), "import tool; print(tool.VERSION)"
    )


async def test_too_many_go(stage: Stage, index: Index) -> None:
    """Over the limit, those used longest ago go first, and what is in use stays."""
    index.add(wheel("large", files={"large.bin": "x" * 3_000_000}))
    packages = [stage.package(f"large\n{'part' if number else ''}\n# {number}", f"p{number}") for number in range(3)]
    first, second = [await lease_once(stage, package) for package in packages[:2]]
    age(stage, first.key.digest, 2000)
    age(stage, second.key.digest, 1000)
    async with stage.environments().lease(manifest(), packages[0]) as leased:
        age(stage, first.key.digest, 3000)
        third = await lease_once(stage, packages[2], cache_bytes=1)

        assert leased == first
        assert sorted([first.key.digest, third.key.digest]) == stage.kept()
        assert "1.0" == await python_says(leased, "import large; print(large.VERSION)")
    await stage.environments(cache_bytes=1).evict()
    assert [] == stage.kept()


async def test_leased_elsewhere(stage: Stage) -> None:
    """What another process uses is not removed; once that process is killed, it can be."""
    package = stage.package("tool\n")
    async with worker(stage, package) as other:
        await other.until("ready")
        await stage.environments(cache_bytes=1).evict()

        assert 1 == len(stage.kept())
        other.process.kill()
        await other.process.wait()
        await stage.environments(cache_bytes=1).evict()
        assert [] == stage.kept()


async def test_cache_of_uv_is_bounded(stage: Stage, index: Index) -> None:
    """The cache of uv is emptied when it takes more than environments may."""
    index.add(wheel("large", files={"large.bin": "x" * 3_000_000}))
    await lease_once(stage, stage.package("large\n"), cache_bytes=2_000_000)

    assert [] == list((stage.home / "uv").rglob("large.bin"))


@pytest.fixture
def small_disk(stage: Stage) -> Iterator[Path]:
    """A disk of one megabyte."""
    folder = stage.folder / "small"
    folder.mkdir()
    mount: list[str | Path] = ["/bin/mount", "-t", "tmpfs", "-o", "size=1m", "kurun", folder]
    mounted = subprocess.run(mount, check=False, capture_output=True)  # noqa: S603 - ours
    if mounted.returncode != 0:
        pytest.skip("nothing can be mounted here")
    yield folder
    subprocess.run(["/bin/umount", folder], check=True)  # noqa: S603 - ours


@pytest.mark.skipif(not IS_ROOT, reason="only root can mount a small disk")
async def test_disk_is_full(stage: Stage, index: Index, small_disk: Path) -> None:
    """A full disk is not the package's mistake; what was begun is removed."""
    index.add(wheel("large", files={"large.bin": "x" * 3_000_000}))

    with pytest.raises(EnvironmentUnavailable, match="No space left on device"):
        await lease_once(stage, stage.package("large\n"), home=small_disk)
    assert [] == [path for path in (small_disk / "environments").glob("*") if path.is_dir()]


async def test_home_cannot_be_made(stage: Stage) -> None:
    """A home that cannot be made is named."""
    (stage.folder / "file").write_text("")

    with pytest.raises(EnvironmentUnavailable, match=f"{stage.folder}/file/home.*: cannot be made: Not a directory"):
        await lease_once(stage, stage.package("tool\n"), home=stage.folder / "file" / "home")


async def test_no_way_to_secrets(stage: Stage, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requirements that lead out of the package, or ask for the worker's variables, are refused by name and line."""
    monkeypatch.setenv("WORKER_SECRET", "not for robots")
    for line in ("-r /etc/shadow", "./../x.whl", "file:///etc/passwd", "--index-url http://127.0.0.1/${WORKER_SECRET}"):
        with pytest.raises(EnvironmentInvalid, match=r"^requirements.txt:2: "):
            await lease_once(stage, stage.package(f"tool\n{line}\n"))
    assert [] == index.asked


async def lease_of(environments: Environments, package: Path) -> Environment:
    """The environment of a package, used and given back."""
    async with environments.lease(manifest(), package) as environment:
        return environment


def age(stage: Stage, key: str, seconds: float) -> None:
    """Make an environment look as if it had not been used for so long."""
    then = time.time() - seconds
    os.utime(stage.home / "environments" / f"{key}.lock", (then, then))


def sleeping(mark: str) -> bool:
    """Whether a process with this argument is there."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.joinpath("cmdline").read_bytes().split(b"\0")[:2] == [b"sleep", mark.encode()]:
                return True
        except OSError:
            continue
    return False


@pytest.mark.skipif(not IS_ROOT, reason="only root can give robots a user of their own")
async def test_home_is_closed(stage: Stage) -> None:
    """A home that the robots' user cannot get to is told as such at once."""
    (stage.folder / "closed").mkdir(mode=0o700)

    with pytest.raises(EnvironmentUnavailable, match=r"closed/home: is closed to the user .*`robots\.home`"):
        await lease_once(stage, stage.package(), home=stage.folder / "closed" / "home")

"""What a robot leaves in its output folder, the folders of runs, and the file with its token."""

import asyncio
import os
import resource
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from kurun_activities.robot_runs import tokens
from kurun_activities.robot_runs.failure_types import ENVIRONMENT_UNAVAILABLE, LIMIT_EXCEEDED, RUN_FAILED
from kurun_activities.robot_runs.failures import RobotFailed, RobotOverLimit, robot_failure
from kurun_activities.robot_runs.folders import RunFolders
from kurun_activities.robot_runs.models import RobotOutcome
from kurun_activities.robot_runs.outputs import OutputFile, found
from kurun_activities.robot_runs.packages import fetch_package
from kurun_activities.robot_runs.tokens import NoTokens, RobotToken, WorkerCredentials, renewed
from kurun_clients.kuflow import BasicAuth, KuFlowClient
from kurun_clients.kuflow.models import Robot, RobotSourceType
from kurun_config import KuFlowSettings, RobotSettings
from kurun_robots.environment.eviction import bytes_of
from kurun_robots.environment.owner import refuse_deep, take_back
from kurun_robots.errors import EnvironmentInvalid, EnvironmentUnavailable, LimitExceeded
from kurun_robots.run import clearing
from kurun_robots.run.preparing import hand_over
from kurun_robots.run.trees import DEEPEST
from tests.unit.loopback import Peer, serving
from tests.unit.robots_package_bytes import MANIFEST_ENTRY, Raw, zip_of


def test_only_files_of_the_robot_are_outputs(tmp_path: Path) -> None:
    """Links, pipes and folders that are links lead nowhere."""
    (tmp_path / "b" / "c").mkdir(parents=True)
    (tmp_path / "b" / "c" / "deep.txt").write_text("deep")
    (tmp_path / "a.png").write_bytes(b"1234")
    (tmp_path / "passwd").symlink_to("/etc/passwd")
    (tmp_path / "etc").symlink_to("/etc")
    os.mkfifo(tmp_path / "pipe")

    outputs = found(tmp_path, max_files=10, max_bytes=100)

    assert [("a.png", 4), ("b/c/deep.txt", 4)] == [(each.name, each.size) for each in outputs.files]
    assert (3, ["etc", "passwd", "pipe"]) == (outputs.left_out, outputs.examples)


def test_as_many_outputs_as_the_settings_say_are_taken(tmp_path: Path) -> None:
    """There is no other limit than that."""
    for number in range(1500):
        (tmp_path / str(number)).touch()

    assert 1500 == len(found(tmp_path, max_files=1500, max_bytes=100).files)


def test_what_is_left_out_is_counted_and_not_kept(tmp_path: Path) -> None:
    """A robot may leave any number of links."""
    for number in range(50):
        (tmp_path / str(number)).symlink_to("/etc/passwd")
    outputs = found(tmp_path, max_files=10, max_bytes=100)

    assert (50, 10) == (outputs.left_out, len(outputs.examples))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_is_no_output(tmp_path: Path) -> None:
    """A robot may have linked it there by a second name."""
    (tmp_path / "foreign").write_text("secret")
    os.chown(tmp_path, 65534, 65534)

    assert found(tmp_path, max_files=10, max_bytes=100).files == []


def test_an_output_folder_that_is_gone_or_replaced_has_no_files(tmp_path: Path) -> None:
    """A robot may do that; nothing of what the link leads to is taken."""
    (tmp_path / "link").symlink_to("/etc")

    assert found(tmp_path / "missing", max_files=10, max_bytes=100).files == []
    assert found(tmp_path / "link", max_files=10, max_bytes=100).files == []


def test_too_many_outputs_are_refused(tmp_path: Path) -> None:
    """The limit is the worker's."""
    for number in range(3):
        (tmp_path / str(number)).touch()

    with pytest.raises(LimitExceeded, match=r"more than 2 files \(robots\.max_files\)"):
        found(tmp_path, max_files=2, max_bytes=100)


def test_too_large_outputs_are_refused(tmp_path: Path) -> None:
    """Files with holes take no room on the disk, and would be uploaded whole."""
    for number in range(3):
        (tmp_path / str(number)).touch()
        os.truncate(tmp_path / str(number), 50)

    with pytest.raises(LimitExceeded, match=r"more than 149 bytes \(robots\.max_disk\)"):
        found(tmp_path, max_files=10, max_bytes=149)
    assert 3 == len(found(tmp_path, max_files=10, max_bytes=150).files)


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """A folder deeper than Python can follow."""
    top = tmp_path / "top"
    top.mkdir()
    try:
        nest(top, 1100)
        yield top
    finally:
        subprocess.run(["rm", "-rf", "--", str(top)], check=True)  # noqa: S603, S607 - ours


def nest(folder: Path, levels: int) -> None:
    """Make folders within each other."""
    place = os.open(folder, os.O_DIRECTORY)
    for _ in range(levels):
        os.mkdir("d", dir_fd=place)
        inner = os.open("d", os.O_DIRECTORY, dir_fd=place)
        os.close(place)
        place = inner
    os.close(place)


def test_outputs_with_too_long_paths_are_refused(tmp_path: Path) -> None:
    """They could not be opened to be uploaded."""
    folder = tmp_path
    while len(str(folder)) < 3800:
        folder /= "d" * 200
    folder.mkdir(parents=True)

    with pytest.raises(LimitExceeded, match="holds paths of more than 3800 bytes"):
        found(tmp_path, max_files=10, max_bytes=100)


def test_outputs_in_many_folders_are_taken(tmp_path: Path) -> None:
    """Up to the limit, whatever their order; nothing is kept open."""
    nest(tmp_path, DEEPEST)
    (tmp_path / "a").mkdir()
    for folder in ("a", "/".join("d" * DEEPEST)):
        (tmp_path / folder / "file").touch()
    before = len([*Path("/proc/self/fd").iterdir()])
    outputs = found(tmp_path, max_files=2, max_bytes=1)

    assert ["a/file", f"{'d/' * DEEPEST}file"] == [each.name for each in outputs.files]
    assert before == len([*Path("/proc/self/fd").iterdir()])


def test_no_depth_stops_the_worker(deep: Path) -> None:
    """What foreign code made of a folder is refused, measured and removed. A robot's outputs are its own fault."""
    with pytest.raises(LimitExceeded, match=f"top is more than {DEEPEST} folders deep"):
        found(deep, max_files=10, max_bytes=100)
    with pytest.raises(LimitExceeded):
        hand_over(deep, os.geteuid(), os.getegid())
    with pytest.raises(EnvironmentInvalid, match="folders deep"):
        take_back(deep)
    with pytest.raises(EnvironmentInvalid, match="folders deep"):
        refuse_deep(deep)
    assert bytes_of(deep) >= 0
    clearing.remove_if_possible(deep)
    assert not deep.exists()


def test_documents_get_names_that_kuflow_takes(tmp_path: Path) -> None:
    """Without folders, printable, not too long, and with the ending that says what they are."""
    plain = OutputFile(tmp_path, "shots/page.png", 1)
    odd = OutputFile(tmp_path, f"a\n{'b' * 300}.pdf", 1)

    assert ("shots-page.png", "image/png") == (plain.document_name, plain.content_type)
    assert 255 == len(odd.document_name)
    assert odd.document_name.startswith("a_b")
    assert "application/pdf" == odd.content_type


async def test_a_run_has_a_folder_of_its_own_until_it_ends(tmp_path: Path) -> None:
    """Others that run meanwhile are left alone; what nobody holds is removed."""
    folders = RunFolders(tmp_path / "runs", shared=False)
    (tmp_path / "runs" / "left" / "deep").mkdir(parents=True)
    async with folders.lease() as first, RunFolders(tmp_path / "runs", shared=False).lease() as second:
        during = {path for path in (tmp_path / "runs").iterdir() if path.is_dir()}
        mode = stat.S_IMODE(first.top.stat().st_mode)
    after = [path for path in (tmp_path / "runs").iterdir() if path.is_dir()]

    assert {first.top, second.top} == during
    assert 0o700 == mode
    assert after == []


async def test_a_cancelled_run_waits_for_what_still_unpacks(tmp_path: Path) -> None:
    """So that nothing comes into its folder while that is removed."""
    content = zip_of(MANIFEST_ENTRY, *(Raw(f"f{number}") for number in range(1000)))

    async def package(peer: Peer) -> None:
        await peer.receive()
        await peer.answer(body=content, content_type="application/zip")

    robot = Robot.model_construct(id=uuid4(), code="R", name="R", source_type=RobotSourceType.PACKAGE, source_file=None)
    async with serving(package) as server, KuFlowClient(server.url, auth=BasicAuth("a", "b")) as kuflow:
        fetching = asyncio.create_task(
            fetch_package(kuflow, robot, tmp_path / "package.zip", tmp_path / "target", RobotSettings())
        )
        async with asyncio.timeout(10):
            while not [*tmp_path.glob(".target.*/f*")]:
                await asyncio.sleep(0)
        fetching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await fetching

    assert 1001 == len([*(tmp_path / "target").iterdir()])


async def test_a_folder_that_cannot_be_removed_hides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cancellation stays one, with a machine where removing fails."""
    (tmp_path / "rm").write_text("#!/bin/sh\necho not now >&2\nexit 1\n")
    (tmp_path / "rm").chmod(0o755)
    monkeypatch.setitem(clearing._VARIABLES, "PATH", f"{tmp_path}:/usr/bin:/bin")
    folders = RunFolders(tmp_path / "runs", shared=False)
    with pytest.raises(asyncio.CancelledError):
        async with folders.lease():
            raise asyncio.CancelledError
    with pytest.raises(EnvironmentUnavailable, match="cannot be removed: not now"):
        async with folders.lease():
            pass


@pytest.mark.parametrize("size", [5_000, 3_000_000])
async def test_a_package_that_the_disk_has_no_room_for_is_the_machines_fault(tmp_path: Path, size: int) -> None:
    """Whether it is noticed while it comes or in the end; the file is named, and nothing keeps it open."""

    async def package(peer: Peer) -> None:
        await peer.receive()
        await peer.answer(body=bytes(size), content_type="application/zip")

    robot = Robot.model_construct(id=uuid4(), code="R", name="R", source_type=RobotSourceType.PACKAGE, source_file=None)
    download = tmp_path / "package.zip"
    async with serving(package) as server, KuFlowClient(server.url, auth=BasicAuth("a", "b")) as kuflow:
        with (
            small_disk(1000),
            pytest.raises(EnvironmentUnavailable, match=r"package\.zip: cannot be written: File too"),
        ):
            await fetch_package(kuflow, robot, download, tmp_path / "target", RobotSettings())

    assert str(download) not in [str(each.readlink()) for each in Path("/proc/self/fd").iterdir() if each.is_symlink()]


@contextmanager
def small_disk(size: int) -> Iterator[None]:
    """No file gets larger than this; the kernel refuses it as it refuses to write to a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


class ShortLived:
    """Issues tokens that live for a moment."""

    def __init__(self) -> None:
        self.issued = 0
        self.twice = asyncio.Event()

    async def issue(self, robot_id: UUID | None) -> RobotToken:
        """The next one."""
        self.issued += 1
        if self.issued > 2:
            self.twice.set()
        return RobotToken(f"token-{self.issued}", datetime.now(UTC) + timedelta(seconds=0.1))


async def test_a_token_is_renewed_in_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file always holds a whole one, which only its reader may read, and the log learns each before."""
    monkeypatch.setattr(tokens, "SHORTEST_PAUSE", 0.01)
    source, learnt = ShortLived(), list[str]()
    first = await source.issue(None)
    async with renewed(source, first, tmp_path, robot_id=uuid4(), user=None, learn=learnt.append) as file:
        before = file.read_text()
        async with asyncio.timeout(10):
            await source.twice.wait()
        after, mode = file.read_text(), stat.S_IMODE(file.stat().st_mode)

    assert "token-1" == before
    assert after in learnt
    assert "token-1" != after
    assert 0o600 == mode


async def test_the_workers_credentials_are_a_token_as_the_sdks_send_it() -> None:
    """Base64 of id and secret; a robot without them has none."""
    settings = KuFlowSettings.model_validate({"client_id": "app", "client_secret": "secret"})
    token = await WorkerCredentials(settings).issue(None)

    assert token is not None
    assert "YXBwOnNlY3JldA==" == token.value
    assert "YXBwOnNlY3JldA==" not in repr(token)
    assert await NoTokens().issue(None) is None
    assert await WorkerCredentials(KuFlowSettings()).issue(None) is None


def test_what_is_wrong_with_the_data_ends_and_what_is_wrong_with_the_machine_does_not() -> None:
    """A workflow sees which, and what became of the run."""
    outcome = RobotOutcome(exit_code=3, duration=1.5, last_lines=("no",))
    failed, over = robot_failure(RobotFailed("it failed", outcome)), robot_failure(RobotOverLimit("too long", outcome))
    machine = robot_failure(EnvironmentUnavailable("disk full"))

    assert (RUN_FAILED, True) == (failed.type, failed.non_retryable)
    assert ({"exitCode": 3, "duration": 1.5, "lastLines": ["no"]},) == failed.details
    assert (LIMIT_EXCEEDED, True) == (over.type, over.non_retryable)
    assert (ENVIRONMENT_UNAVAILABLE, False) == (machine.type, machine.non_retryable)

"""The worker's image: its steps replayed without Docker, and the image itself where Docker can build it."""

import asyncio
import shutil
import signal
import socket
import subprocess
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from tests.dockerfile import stages
from tests.processes import kurun_dev
from tests.proof.conftest import Figure
from tests.proof.replayed_image import ROOT, ReplayedImage, build, possible

EXTRAS = "k2,robots"
DOCKER_SECONDS = 900


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> ReplayedImage:
    """The worker's image, with extras."""
    if reason := possible():
        pytest.skip(reason)
    return build("worker", tmp_path_factory.mktemp("image"), {"EXTRAS": EXTRAS})


async def said(*command: str) -> tuple[int, str]:
    """Run a command to its end; exit code and output."""
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    async with asyncio.timeout(60):
        output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def test_it_runs_where_nothing_can_be_written(image: ReplayedImage) -> None:
    """As the image's user on a read-only file system kurun starts, with its extras; only the volume is open."""
    looks = "id -u; for f in / /app /opt/kurun /run/secrets /etc $HOME; do test -w $f && echo $f; done; true"

    assert await said(*image.run([*image.entrypoint, "--version"], {})) == (0, "kurun 0.1.0\n")
    assert (await said(*image.run([*image.entrypoint, "robot", "--help"], {})))[0] == 0
    assert await said(*image.run(["python", "-c", "import lxml, oauthlib, spnego, kurun_examples"], {})) == (0, "")
    assert (await said(*image.run(["python", "-c", "import fpdf"], {})))[0] == 1
    assert await said(*image.run(["sh", "-c", looks], {})) == (0, "10001\n/var/lib/kurun\n")


async def test_a_wrong_setting_is_one_line_and_exit_code_2(image: ReplayedImage) -> None:
    """What an orchestrator shows of a container that does not start is what has to be changed."""
    program = [*image.entrypoint, *image.command]
    code, output = await said(*image.run(program, {"KURUN_WORKER_DRAIN_TIMEOUT": "soon"}))

    assert (code, output.count("\n")) == (2, 1)
    assert output.startswith("kurun: KURUN_WORKER_DRAIN_TIMEOUT: ")


@asynccontextmanager
async def started(arguments: Sequence[str], log: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """A container in the background, and the id of its first process as this machine has it."""
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(*arguments, stdout=output, stderr=output)
    try:
        async with asyncio.timeout(30):
            while not (children := psutil.Process(process.pid).children()):
                await asyncio.sleep(0.02)
        first = children[0]
        try:
            yield process, first.pid
        finally:
            if first.is_running():
                first.kill()  # and with it the kernel ends all that is in its namespace
    finally:
        async with asyncio.timeout(30):
            await process.wait()


async def until_says(process: asyncio.subprocess.Process, log: Path, text: str) -> None:
    """Wait for a line of the log."""
    async with asyncio.timeout(60):
        while text not in log.read_text():
            assert process.returncode is None, log.read_text()
            await asyncio.sleep(0.05)


@pytest.mark.timeout(180)
async def test_it_serves_and_drains_as_the_first_process(image: ReplayedImage, tmp_path: Path, figure: Figure) -> None:
    """With secrets in files it registers and polls, its health check passes, and SIGTERM to process 1 drains it."""
    log, secrets = tmp_path / "log", tmp_path / "secrets"
    async with kurun_dev(tmp_path / "twin") as dev:
        variables = dev.environment(task_queue="image", modules=["kurun_examples"], KURUN_HEALTH_PORT=str(_free_port()))
        secrets.mkdir()
        for name in ("KURUN_KUFLOW_CLIENT_ID", "KURUN_KUFLOW_CLIENT_SECRET"):
            (secrets / name.lower()).write_text(variables.pop(name))
        secrets.chmod(0o755)
        del variables["KURUN_WORKER_MODULES"]
        program = [*image.entrypoint, *image.command]
        async with started(image.run(program, variables, secrets), log) as (process, first):
            await until_says(process, log, '"event": "polling"')
            health = await said(*image.enter(first, image.health, variables))
            spied = await said(*image.enter(first, ["cat", "/proc/1/environ"], {}))
            psutil.Process(first).send_signal(signal.SIGTERM)
            async with asyncio.timeout(30):
                code = await process.wait()

    figure("image without Docker: exit code of its health check while it serves", health, "0")
    figure("image without Docker: exit code after SIGTERM to its first process", code, "0")
    assert health[0] == 0, health[1]
    assert code == 0
    assert '"event": "ended"' in log.read_text()
    assert spied[0] == 1, "the container's environment is open to robots of its user"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def tag() -> Iterator[str]:
    """The image as Docker builds it."""
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "info"], capture_output=True, check=False).returncode != 0:  # noqa: S603
        pytest.skip("no Docker engine is here")
    name = f"kurun-proof:{uuid.uuid4()}"
    command = [docker, "build", "--quiet", "--tag", name, "--build-arg", f"EXTRAS={EXTRAS}", str(ROOT)]
    subprocess.run(command, check=True, timeout=DOCKER_SECONDS, stdout=subprocess.DEVNULL)  # noqa: S603
    yield name
    subprocess.run([docker, "image", "rm", "--force", name], check=True, capture_output=True)  # noqa: S603


@pytest.mark.timeout(DOCKER_SECONDS + 60)
def test_docker_builds_and_runs_it(tag: str) -> None:
    """The same with Docker: version, wrong setting, read-only, no capability."""
    run = ["docker", "run", "--rm", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--network", "none"]  # noqa: S108
    version = subprocess.run([*run, tag, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    wrong = subprocess.run(  # noqa: S603
        [*run, "--env", "KURUN_WORKER_DRAIN_TIMEOUT=soon", tag], capture_output=True, text=True, check=False
    )

    assert version == "kurun 0.1.0\n"
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)


def test_the_twins_stage_differs_from_the_workers_by_its_extra_alone() -> None:
    """What is replayed here for the worker holds for the twin, too: both begin with the same stages."""
    known = {stage.name: stage for stage in stages((ROOT / "Dockerfile").read_text())}

    assert known["twin"].base == known["worker"].base == "base"
    assert known["build-twin"].base == "build"

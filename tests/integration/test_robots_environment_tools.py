"""Which Python and which Node.js a robot gets: this machine's, KuFlow's, or a clear answer why none."""

import asyncio
import io
import os
import platform
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kurun_clients.kuflow.models import RobotAssetArchitecture, RobotAssetPlatform, RobotAssetType
from kurun_robots.environment import Environment, Environments
from kurun_robots.errors import EnvironmentInvalid, EnvironmentUnavailable
from tests.integration.robot_environments import Stage, index, manifest, python_says, stage
from tests.integration.robot_runs import robot_python

__all__ = ["index", "stage"]

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(platform.machine() != "x86_64", reason="KuFlow has tools for x86 only"),
]


@dataclass
class Source:
    """KuFlow's tools, as files.

    Attributes:
        archives: Content by tool and version.
        asked: What was asked for.
        unwell: Nothing can be had.
    """

    archives: dict[tuple[RobotAssetType, str], bytes] = field(default_factory=dict)
    asked: list[tuple[object, ...]] = field(default_factory=list)
    unwell: bool = False

    async def fetch(
        self,
        type: RobotAssetType,  # noqa: A002 - the API's name
        version: str,
        platform: RobotAssetPlatform,
        architecture: RobotAssetArchitecture,
        target: Path,
    ) -> None:
        """Write an archive."""
        self.asked.append((type, version, platform, architecture))
        if self.unwell:
            raise EnvironmentUnavailable("the service is unwell")
        if (type, version) not in self.archives:
            raise EnvironmentInvalid("there is no such tool")
        target.write_bytes(self.archives[type, version])


def tar(**programs: str) -> bytes:
    """A compressed archive with programs in a ``bin`` folder; double underscores are slashes."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:xz") as file:
        for name, text in programs.items():
            entry = tarfile.TarInfo(f"tool-1/bin/{name}")
            entry.size, entry.mode = len(text.encode()), 0o700
            file.addfile(entry, io.BytesIO(text.encode()))
    return packed.getvalue()


@pytest.fixture(autouse=True)
def few_pythons(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each Python that a machine has is asked who it is, which takes its time."""
    monkeypatch.setenv("PATH", f"{Path(robot_python()).parent}:/usr/bin:/bin")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))


SAFELY_UNPACKED = pytest.mark.skipif(
    not hasattr(tarfile, "data_filter"), reason="this Python cannot unpack archives safely"
)


def own_version() -> str:
    """Version of the Python that robots can start."""
    command = [robot_python(), "-c", "import platform; print(platform.python_version())"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603 - ours


async def lease(environments: Environments, stage: Stage, **tools: str) -> Environment:
    """The environment of a package that asks for tools."""
    async with environments.lease(manifest(tools=tools), stage.package(), stage.said.append) as environment:
        return environment


async def test_wanted_python(stage: Stage) -> None:
    """A version of this machine is taken from the listed interpreters; KuFlow is not asked."""
    source = Source()
    environment = await lease(Environments(stage.settings(), source), stage, python=own_version())

    assert own_version() == await python_says(environment, "import platform; print(platform.python_version())")
    assert [] == source.asked


async def test_found_python(stage: Stage) -> None:
    """Without a list, what this machine has is found."""
    minor = ".".join(own_version().split(".")[:2])
    environment = await lease(stage.environments(python=()), stage, python=minor)

    assert minor == await python_says(environment, "import sys; print('%d.%d' % sys.version_info[:2])")


async def test_compatible_python(stage: Stage) -> None:
    """Another release of the same Python is taken when nobody has the very one, and that is said."""
    minor = ".".join(own_version().split(".")[:2])
    source = Source()
    environments = Environments(stage.settings(), source)
    await lease(environments, stage, python=f"{minor}.999")
    await lease(environments, stage, python=f"{minor}.999")

    wanted = (RobotAssetType.PYTHON, f"{minor}.999", RobotAssetPlatform.LINUX, RobotAssetArchitecture.X86_64)
    assert [wanted] == source.asked
    assert any(
        f"asks for Python {minor}.999 and gets {minor}." in line and "there is no such tool" in line
        for line in stage.said
    )


async def test_no_python(stage: Stage) -> None:
    """What nobody has is the package's mistake, with what can be done about it."""
    with pytest.raises(
        EnvironmentInvalid, match=r"no Python 3\.99\.1: this machine has 3\..*, and KuFlow's are not used"
    ):
        await lease(stage.environments(), stage, python="3.99.1")
    with pytest.raises(EnvironmentInvalid, match=r"no Python 3\.99\.1: .*there is no such tool.*`robots\.python`"):
        await lease(Environments(stage.settings(), Source()), stage, python="3.99.1")


async def test_crashing_python(stage: Stage) -> None:
    """A Python that crashes is passed over; where no other will do, the machine is unwell, not the package wrong."""
    crashing = stage.folder / "crashing"
    crashing.write_text("#!/bin/sh\nkill -SEGV $$\n")
    crashing.chmod(0o755)
    environments = stage.environments(python=(crashing, robot_python()))
    environment = await lease(environments, stage, python=own_version())

    assert own_version() == await python_says(environment, "import platform; print(platform.python_version())")
    with pytest.raises(EnvironmentUnavailable, match=f"crash, or give no answer: {crashing}"):
        await lease(environments, stage, python="3.99.1")


@SAFELY_UNPACKED
async def test_python_of_kuflow(stage: Stage) -> None:
    """KuFlow's Python is fetched once, kept, and used offline."""
    # What uv and robots see is a Python of this machine under another version.
    program = f'#!/bin/sh\nexec {robot_python()} "$@"\n'
    source = Source({(RobotAssetType.PYTHON, "3.99.1"): tar(python3=program)})
    environments = Environments(stage.settings(), source)
    first = await lease(environments, stage, python="3.99.1")
    source.unwell = True
    second = await lease(Environments(stage.settings(offline=True), source), stage, python="3.99.1")

    assert first == second
    assert 1 == len(source.asked)
    assert "fetching PYTHON 3.99.1 from KuFlow" in stage.said


@SAFELY_UNPACKED
async def test_ten_fetch_once(stage: Stage) -> None:
    """Ten tasks that need the same tool fetch it once."""
    source = Source({(RobotAssetType.NODEJS, "99.1.0"): tar(node="#!/bin/sh\necho v99.1.0\n")})
    environments = Environments(stage.settings(), source)

    found = await asyncio.gather(*(lease(environments, stage, nodejs="v99.1.0") for _ in range(10)))

    assert 1 == len({environment.nodejs for environment in found})
    assert 1 == len(source.asked)


@SAFELY_UNPACKED
async def test_service_is_unwell(stage: Stage) -> None:
    """A service that cannot hand out tools now is not the package's mistake."""
    with pytest.raises(EnvironmentUnavailable, match="the service is unwell"):
        await lease(Environments(stage.settings(), Source(unwell=True)), stage, python="3.99.1")


async def test_assets_are_not_wanted(stage: Stage) -> None:
    """The setting keeps KuFlow's tools away."""
    source = Source({(RobotAssetType.NODEJS, "99.1.0"): tar(node="#!/bin/sh\necho v99.1.0\n")})
    environments = Environments(stage.settings(download_assets=False), source)

    with pytest.raises(EnvironmentInvalid, match=r"no Node\.js 99\.1\.0: this machine has .*KuFlow's are not used"):
        await lease(environments, stage, nodejs="99.1.0")
    assert [] == source.asked


async def test_nodejs_of_machine(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Node.js of this machine comes into the robot's PATH, behind its Python."""
    tools = stage.folder / "tools"
    tools.mkdir(mode=0o755)
    (tools / "node").write_text("#!/bin/sh\necho v98.4.1\n")
    (tools / "node").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    exact, near = [await lease(stage.environments(), stage, nodejs=wanted) for wanted in ("98.4", "98.1.0")]

    assert (tools / "node") == exact.nodejs == near.nodejs
    assert (exact.python.parent, tools) == exact.path_entries
    assert any("asks for Node.js 98.1.0 and gets 98.4.1" in line for line in stage.said)


async def test_tool_in_zip(stage: Stage) -> None:
    """ZIP archives will do, with or without file modes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("bin/node", "#!/bin/sh\necho v99.1.0\n")
    source = Source({(RobotAssetType.NODEJS, "99.1.0"): packed.getvalue()})
    environment = await lease(Environments(stage.settings(), source), stage, nodejs="99.1.0")

    assert environment.nodejs is not None
    assert environment.nodejs.is_relative_to(stage.home / "tools")


def escaping() -> bytes:
    """An archive with a file outside of itself."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as file:
        file.addfile(tarfile.TarInfo("../../../escaped"), io.BytesIO())
    return packed.getvalue()


@pytest.mark.parametrize("archive", [b"", b"no archive", b"PK\x03\x04", tar(node="x")[:60], escaping()])
@SAFELY_UNPACKED
async def test_broken_tool(stage: Stage, archive: bytes) -> None:
    """What cannot be unpacked is told, and not kept."""
    source = Source({(RobotAssetType.NODEJS, "99.1.0"): archive})

    with pytest.raises(
        EnvironmentInvalid,
        match=r"no Node\.js 99\.1\.0: this machine has .*the tool that KuFlow sent cannot be unpacked",
    ):
        await lease(Environments(stage.settings(), source), stage, nodejs="99.1.0")
    assert [] == [path for path in (stage.home / "tools").iterdir() if path.is_dir()]
    assert [] == list(stage.folder.rglob("escaped"))


@SAFELY_UNPACKED
async def test_tool_that_does_not_start(stage: Stage) -> None:
    """A tool for another machine is told as such."""
    source = Source({(RobotAssetType.NODEJS, "99.1.0"): tar(node="\x7fELF of something else")})

    with pytest.raises(EnvironmentInvalid, match="KuFlow's does not start here"):
        await lease(Environments(stage.settings(), source), stage, nodejs="99.1.0")


async def test_closed_interpreters_are_left_out(stage: Stage) -> None:
    """An interpreter that the robots' user cannot start is not chosen, although the worker can."""
    closed = stage.folder / "closed"
    closed.mkdir()
    (closed / "python3").symlink_to(sys.executable)
    closed.chmod(0o000)
    environment = await lease(stage.environments(python=(closed / "python3", Path(robot_python()))), stage)
    closed.chmod(0o700)  # so that it can be removed

    assert own_version() == await python_says(environment, "import platform; print(platform.python_version())")

"""Environments of robots for tests: tiny distributions, an index on this machine, and packages that want them."""

import asyncio
import base64
import hashlib
import io
import os
import sys
import tarfile
import zipfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from kurun_config.robots import RobotSettings
from kurun_robots.environment import Environment, Environments
from kurun_robots.package.manifest import Manifest
from tests.integration.robot_runs import open_folder, robot_python
from tests.unit.loopback import Loopback, Peer, serving
from tests.waiting import until

BACKEND = """
import base64, io, os, zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    {prelude}
    name = "{name}-{version}-py3-none-any.whl"
    with open(os.path.join(folder, name), "wb") as file:
        file.write(base64.b64decode("{wheel}"))
    return name
"""


def wheel(
    name: str, version: str = "1.0", *, requires: str = "", program: str = "", files: Mapping[str, str] | None = None
) -> tuple[str, bytes]:
    """File name and content of a wheel with one module, and a program if it is given one."""
    info = f"{name}-{version}.dist-info"
    content = {
        f"{name}.py": f"VERSION = {version!r}\n\ndef main():\n    print({program!r})\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        + (f"Requires-Dist: {requires}\n" if requires else ""),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n" if program else "",
        **(files or {}),
    }
    record = "".join(f"{path},,\n" for path in (*content, f"{info}/RECORD"))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for path, text in {**content, f"{info}/RECORD": record}.items():
            file.writestr(zipfile.ZipInfo(path), text)
    return f"{name}-{version}-py3-none-any.whl", packed.getvalue()


def source(name: str, version: str = "1.0", *, prelude: str = "pass") -> tuple[str, bytes]:
    """File name and content of a source distribution whose build runs ``prelude``."""
    top = f"{name}-{version}"
    backend = BACKEND.format(
        prelude=prelude, name=name, version=version, wheel=base64.b64encode(wheel(name, version)[1]).decode()
    )
    content = {
        "PKG-INFO": f"Metadata-Version: 2.2\nName: {name}\nVersion: {version}\n",
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        f'[project]\nname = "{name}"\nversion = "{version}"\n',
        "backend.py": backend,
    }
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for path, text in content.items():
            entry = tarfile.TarInfo(f"{top}/{path}")
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    return f"{top}.tar.gz", packed.getvalue()


@dataclass
class Index:
    """A package index.

    Attributes:
        files: Distributions by their file names.
        hashes: Other hashes than theirs, by file name.
        fetched: Files that were fetched.
        asked: Pages that were asked for.
        status: What it answers to everything, if it is unwell.
        hold: Files are sent once this is set, if it is given; ``held`` tells that one was asked for.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    status: int | None = None
    hold: asyncio.Event | None = None
    held: asyncio.Event = field(default_factory=asyncio.Event)
    server: Loopback | None = None

    @property
    def url(self) -> str:
        """Its address."""
        assert self.server is not None
        return f"{self.server.url}/simple/"

    def add(self, *distributions: tuple[str, bytes]) -> None:
        """Put distributions there."""
        self.files.update(distributions)

    async def serve(self, peer: Peer) -> None:
        """Answer one connection."""
        while True:
            target = (await peer.receive()).target
            if self.status is not None:
                await peer.answer(self.status, b"unwell")
            elif target.startswith("/files/"):
                await self._file(peer, target.removeprefix("/files/").partition("#")[0])
            else:
                await self._page(peer, target.removeprefix("/simple/").strip("/"))

    async def _file(self, peer: Peer, name: str) -> None:
        self.fetched.append(name)
        if self.hold is not None:
            self.held.set()
            await self.hold.wait()
        await peer.answer(200, self.files[name], content_type="application/octet-stream")

    async def _page(self, peer: Peer, project: str) -> None:
        self.asked.append(project)
        mine = {name: content for name, content in self.files.items() if name.partition("-")[0] == project}
        links = "".join(
            f'<a href="/files/{name}#sha256={self.hashes.get(name) or sha256(content)}">{name}</a>'
            for name, content in mine.items()
        )
        await peer.answer(200 if mine else 404, f"<html><body>{links}</body></html>".encode(), content_type="text/html")


def sha256(content: bytes) -> str:
    """The digest in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


@asynccontextmanager
async def serving_index() -> AsyncIterator[Index]:
    """An index until the block ends."""
    index = Index()
    async with serving(index.serve) as server:
        index.server = server
        yield index


@dataclass
class Stage:
    """Packages and environments in a folder that anybody may pass through.

    Attributes:
        folder: The folder.
        said: What was reported.
    """

    folder: Path
    said: list[str] = field(default_factory=list)

    @property
    def home(self) -> Path:
        """Where environments are kept."""
        return self.folder / "home"

    def settings(self, **changes: Any) -> RobotSettings:
        """Settings with a Python that robots can start."""
        return RobotSettings(**{"home": self.home, "python": (Path(robot_python()),), **changes})

    def environments(self, **changes: Any) -> Environments:
        """Environments as a new worker has them."""
        return Environments(self.settings(**changes))

    def package(
        self, requirements: str | None = None, name: str = "package", files: Mapping[str, str | bytes] | None = None
    ) -> Path:
        """An unpacked package."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        for path, content in {
            **(files or {}),
            **({} if requirements is None else {"requirements.txt": requirements}),
        }.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content.encode() if isinstance(content, str) else content)
        return folder

    def kept(self) -> list[str]:
        """Keys of the environments that are there."""
        return sorted(path.name for path in (self.home / "environments").glob("*") if path.is_dir())

    def places(self) -> list[Path]:
        """Folders of the environments that are there, whole or not."""
        return sorted((self.home / "environments").glob("*/*/"))


@pytest.fixture
def stage() -> Iterator[Stage]:
    """Packages and environments."""
    for folder in open_folder():
        yield Stage(folder)


@pytest.fixture(autouse=True)
async def index(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Index]:
    """The only index that uv knows."""
    async with serving_index() as index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        monkeypatch.setenv("UV_HTTP_RETRIES", "0")
        monkeypatch.setenv("UV_NO_CONFIG", "1")
        index.add(wheel("tool", "1.5", requires="part>=2", program="hello"), wheel("part", "2.0"))
        yield index


def manifest(**parts: Any) -> Manifest:
    """A manifest with one operation."""
    return Manifest.model_validate({"operations": [{"name": "Do it", "shell": "python robot.py"}], **parts})


async def python_says(environment: Environment, code: str) -> str:
    """What the environment's Python prints."""
    process = await asyncio.create_subprocess_exec(
        str(environment.python), "-I", "-c", code, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    return output.decode().strip()


async def lease_once(stage: Stage, package: Path, **changes: object) -> Environment:
    """The environment of a package, used and given back."""
    async with stage.environments(**changes).lease(manifest(), package, stage.said.append) as environment:
        return environment


def counted(stage: Stage, more: str = "") -> tuple[str, bytes]:
    """A source distribution that counts how often it is built."""
    folder = stage.folder / "open"
    folder.mkdir()
    folder.chmod(0o777)
    return source("raw", prelude=f"open('{folder}/count', 'a').write('x'){more}")


async def until_joined(environments: Environments, number: int) -> None:
    """Wait until so many wait for the same environment."""
    flights = environments._folders._flights._flights
    await until(lambda: [number] == [len(flight.reports) for flight in flights.values()])


WORKER = """
import asyncio, sys
from pathlib import Path
from kurun_config.robots import RobotSettings
from kurun_robots.environment import Environments
from kurun_robots.package.manifest import Manifest

async def main(home, python, folder):
    environments = Environments(RobotSettings(home=home, python=(python,)))
    manifest = Manifest.model_validate({"operations": [{"name": "x", "shell": "x"}]})
    async with environments.lease(manifest, Path(folder), lambda line: print(line, flush=True)) as environment:
        print("ready", environment.python, flush=True)
        sys.stdin.read()

asyncio.run(main(*sys.argv[1:]))
"""


@dataclass
class Worker:
    """Another process that leases the environment of a package, until its input ends."""

    process: asyncio.subprocess.Process
    said: list[str] = field(default_factory=list)

    async def until(self, start: str) -> str:
        """The rest of the next line that begins with a word."""
        assert self.process.stdout is not None
        async with asyncio.timeout(60):
            while read := await self.process.stdout.readline():
                line = read.decode().strip()
                self.said.append(line)
                if line.startswith(start):
                    return line.removeprefix(start).strip()
        raise AssertionError("\n".join(self.said))

    async def end(self) -> None:
        """Let it go and wait for its end."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        async with asyncio.timeout(30):
            await self.process.wait()


@asynccontextmanager
async def worker(stage: Stage, package: Path) -> AsyncIterator[Worker]:
    """Another process, killed when the block ends."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WORKER, str(stage.home), robot_python(), str(package)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=dict(os.environ),
    )
    try:
        yield Worker(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()

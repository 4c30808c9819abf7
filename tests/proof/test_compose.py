"""compose.yaml's services carried out without Docker: the same commands, their volumes as folders."""

import asyncio
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import yaml

from tests.processes import kurun

ROOT = Path(__file__).parents[2]
SERVICES = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]


class Mounts:
    """Where what a container sees lies on this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def home(self, service: str) -> Path:
        """The folder that is the service's ``/app``, with what is mounted into it."""
        home = self._folder / f"{service}-app"
        home.mkdir(exist_ok=True)
        for source, target in self._pairs(service):
            if target.startswith("/app/") and not (home / Path(target).name).exists():
                (home / Path(target).name).symlink_to(ROOT / source)
        return home

    def words(self, service: str) -> list[str]:
        """The service's command with its paths replaced, and a free port instead of the one of its container."""
        words = [*SERVICES[service].get("entrypoint", ()), *SERVICES[service]["command"]]
        for source, target in self._pairs(service):
            local = str(ROOT / source if source.startswith(".") else self._folder / source)
            words = [word.replace(target, local) for word in words]
        return [word.replace("--http-port=8080", "--http-port=0") for word in words]

    @staticmethod
    def _pairs(service: str) -> list[list[str]]:
        return [each.split(":")[:2] for each in SERVICES[service]["volumes"]]


async def test_the_first_process_runs_as_the_readme_says(tmp_path: Path) -> None:
    """Twin, worker and person from compose.yaml: three days of leave come back."""
    mounts = Mounts(tmp_path)
    async with AsyncExitStack() as stack:
        (tmp_path / "twin").mkdir()
        twin = await stack.enter_async_context(kurun(*mounts.words("twin"), log=tmp_path / "twin.log"))
        async with asyncio.timeout(60):
            while not (tmp_path / "twin" / "info.json").exists():
                assert twin.process.returncode is None, twin.lines()
                await asyncio.sleep(0.05)
        worker = await stack.enter_async_context(
            kurun(*mounts.words("worker"), log=tmp_path / "worker.log", folder=mounts.home("worker"))
        )
        await worker.says("registered with KuFlow")
        words = mounts.words("first-process")
        assert words[0] == "python"
        person = await asyncio.create_subprocess_exec(
            sys.executable,
            *words[1:],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=mounts.home("first-process"),
        )
        async with asyncio.timeout(60):
            said, _ = await person.communicate()
        stopped = await worker.stop(), await twin.stop()

    assert said.decode().splitlines()[1:] == ["completed its task", "3 days of leave, enjoy!"]
    assert (person.returncode, *stopped) == (0, 0, 0)

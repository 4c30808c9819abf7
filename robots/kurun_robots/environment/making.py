"""Making one environment."""

import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kurun_clients.threads import in_thread
from kurun_config.robots import RobotSettings
from kurun_robots.environment.foreign import Foreign
from kurun_robots.environment.interpreters import Interpreter
from kurun_robots.environment.nodejs import NodeJs
from kurun_robots.environment.owner import RobotUser, take_back
from kurun_robots.environment.processes import Finished
from kurun_robots.environment.reports import Report
from kurun_robots.environment.uv import Uv, common_arguments, install_arguments, uv_program
from kurun_robots.environment.uv_failures import failure_of, wants_build
from kurun_robots.environment.variables import logins
from kurun_robots.errors import EnvironmentInvalid
from kurun_robots.package.manifest import Manifest, Step
from kurun_robots.package.requirements import Requirements

VENV: Final = "venv"
PACKAGE: Final = "package"
"""The package's folder as the post-install steps left it."""
_SCRATCH: Final = "scratch"
_WANTED: Final = "requirements.txt"
_CONSTRAINTS: Final = "constraints.txt"
_SHOWN_LINES: Final = 5


@dataclass(frozen=True)
class Wanted:
    """What an environment is made from.

    Attributes:
        manifest: The package's manifest.
        folder: Where the package is unpacked.
        requirements: What the package requires.
        interpreter: The Python for it.
        nodejs: The Node.js for it, if it asks for one.
    """

    manifest: Manifest
    folder: Path
    requirements: Requirements
    interpreter: Interpreter
    nodejs: NodeJs | None

    def path_entries(self, place: Path) -> tuple[Path, ...]:
        """Folders for ``PATH``, of an environment at a place."""
        return (place / VENV / "bin", *((self.nodejs.path.parent,) if self.nodejs else ()))


class Making:
    """Makes one environment.

    Trusted programs come first, with the worker's rights: uv, installing wheels, which runs no code of theirs. From the
    first foreign code on - what is there only as source code, post-install steps - the place is the robots' user's. In
    the end the worker takes it back, so that no run can change what others use.

    Args:
        uv: With its cache.
        wanted: What to make.
        place: The empty folder to make it in.
        settings: Limits and user.
        user: Whom robots run as, if not as the worker's user.
        report: Gets lines.
    """

    def __init__(
        self, uv: Uv, wanted: Wanted, place: Path, *, settings: RobotSettings, user: RobotUser | None, report: Report
    ) -> None:
        self._uv = uv
        self._user = user
        self._wanted = wanted
        self._place = place
        self._venv = place / VENV
        self._report = report
        needed = (wanted.folder, wanted.interpreter.path.parent.parent, Path(uv_program()).parent, uv.cache)
        self._foreign = Foreign(settings, place, wanted.path_entries(place), needed, report)

    async def make(self) -> None:
        """Make it.

        Raises:
            EnvironmentInvalid: What the package asks for cannot be had.
            EnvironmentUnavailable: It cannot be had now.
        """
        wanted = self._wanted
        self._report(f"making an environment with Python {wanted.interpreter.version}")
        await self._uv.make(self._venv, wanted.interpreter.path, self._report)
        if wanted.manifest.post_install:
            await self._add_pip()
        if wanted.requirements:
            await self._install()
            await self._compile()
        if wanted.manifest.post_install:
            await in_thread(lambda: shutil.copytree(wanted.folder, self._place / PACKAGE, symlinks=True))
        for step in wanted.manifest.post_install:
            await self._run(step)
        await in_thread(self._finish)

    async def _add_pip(self) -> None:
        """Post-install steps are written for environments with pip."""
        bundled = self._wanted.interpreter.bundled_wheels
        there = await in_thread(lambda: [str(folder) for folder in bundled if folder.is_dir()])
        places = [argument for folder in there for argument in ("--find-links", folder)]
        for where in (["--no-index", *places], []):
            if (await self._uv.install(self._venv, "pip", *where)).code == 0:
                return
        self._report("the environment has no pip: neither the interpreter nor the index has one")

    async def _install(self) -> None:
        await in_thread(self._write_requirements)
        what = self._requirement_arguments()
        installed = await self._uv.install(self._venv, *what, report=self._report)
        if wants_build(installed):
            self._report("something is there only as source code: building it")
            installed = await self._install_with_builds(what)
        if installed.code != 0:
            raise failure_of(installed, "the requirements cannot be installed")

    async def _install_with_builds(self, what: tuple[str, ...]) -> Finished:
        # A cache that foreign code writes to is not used again, unless the worker's user is the robots' anyway.
        cache = self._place / _SCRATCH if self._user else self._uv.cache
        arguments = (*install_arguments(self._venv), *common_arguments(cache, offline=self._uv.offline), "--no-config")
        command = shlex.join((await in_thread(uv_program), *arguments, *what))
        trusted = not self._wanted.requirements.names_sources
        if not trusted and logins():
            self._report("the logins of package indexes are kept from what the requirements name by file or address")
        return await self._foreign.run(command, working=self._place, variables={}, with_logins=trusted)

    async def _compile(self) -> None:
        """Robots may not write beside the modules, so that Python would compile them at each run."""
        command = (str(self._wanted.interpreter.path), "-I", "-S", "-m", "compileall", "-qq", str(self._venv / "lib"))
        await self._foreign.run(shlex.join(command), working=self._place, variables={})

    async def _run(self, step: Step) -> None:
        self._report(f"post-install: {step.name}")
        variables = {"VIRTUAL_ENV": str(self._venv)}
        ended = await self._foreign.run(step.shell, working=self._place / PACKAGE, variables=variables)
        if ended.code != 0:
            words = "; ".join(ended.output.splitlines()[-_SHOWN_LINES:])
            raise EnvironmentInvalid(f"post-install step {step.name!r} ended with {ended.code}: {words}")

    def _write_requirements(self) -> None:
        for name, lines in (
            (_WANTED, self._wanted.requirements.wanted),
            (_CONSTRAINTS, self._wanted.requirements.constraints),
        ):
            if lines:
                (self._place / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    def _requirement_arguments(self) -> tuple[str, ...]:
        arguments = ("--requirements", str(self._place / _WANTED))
        if self._wanted.requirements.constraints:
            return (*arguments, "--constraints", str(self._place / _CONSTRAINTS))
        return arguments

    def _finish(self) -> None:
        for name in (_SCRATCH, "tmp"):
            shutil.rmtree(self._place / name, ignore_errors=True)
        if self._user is not None:
            take_back(self._place)

"""Finding the Python and the Node.js that a package asks for: on this machine, or among KuFlow's tools."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from kurun_clients.kuflow.models import RobotAssetType
from kurun_clients.threads import in_thread
from kurun_robots.environment.assets import Assets
from kurun_robots.environment.interpreters import Interpreter, Interpreters
from kurun_robots.environment.nodejs import NodeJs, NodeJses
from kurun_robots.environment.reports import Report
from kurun_robots.environment.tool_archives import programs_in
from kurun_robots.environment.versions import is_exactly, is_near
from kurun_robots.errors import EnvironmentInvalid

_PYTHON_PLACES: Final = 2  # 3.11.7 runs what was written for 3.11.4
_NODEJS_PLACES: Final = 1
_SHOWN: Final = 10
_MEND_PYTHON: Final = "install it where the robots' user can start it, or name one in `robots.python`"


class Tools:
    """Tools of robots.

    In this order: the wanted version on this machine, the wanted version from KuFlow, and one of this machine that is
    compatible with it.

    Args:
        interpreters: Python of this machine.
        nodejses: Node.js of this machine.
        assets: KuFlow's tools, if they may be used.
    """

    def __init__(self, interpreters: Interpreters, nodejses: NodeJses, assets: Assets | None) -> None:
        self._interpreters = interpreters
        self._nodejses = nodejses
        self._assets = assets

    async def python(self, wanted: str | None, report: Report, held: AsyncExitStack) -> Interpreter:
        """The Python for a robot.

        Args:
            wanted: Its version; ``None``: any.
            report: Gets lines.
            held: What is fetched from KuFlow is kept until this ends.

        Raises:
            EnvironmentInvalid: There is none.
            EnvironmentUnavailable: KuFlow's cannot be had now, or an interpreter of this machine is unwell.
        """
        if (found := await self._interpreters.exactly(wanted)) is not None:
            return found
        if wanted is None:
            self._interpreters.require_well()
            raise EnvironmentInvalid(f"there is no Python that robots can start: {_MEND_PYTHON}")
        tool, why = await self._fetched(RobotAssetType.PYTHON, wanted, report, held)
        for program in await in_thread(lambda: programs_in(tool, "python3", "python") if tool else []):
            if (fetched := await self._interpreters.ask(program)) is not None:
                return fetched
        async for near in self._interpreters.all():
            if is_near(wanted, near.version, places=_PYTHON_PLACES):
                report(f"the package asks for Python {wanted} and gets {near.version} of this machine ({why})")
                return near
        self._interpreters.require_well()
        has = _has([each.version async for each in self._interpreters.all()])
        raise EnvironmentInvalid(f"there is no Python {wanted}: {has}, and {why}: {_MEND_PYTHON}")

    async def nodejs(self, wanted: str | None, report: Report, held: AsyncExitStack) -> NodeJs | None:
        """The Node.js for a robot; ``None`` if it wants none.

        Args:
            wanted: Its version.
            report: Gets lines.
            held: What is fetched from KuFlow is kept until this ends.

        Raises:
            EnvironmentInvalid: There is none.
            EnvironmentUnavailable: KuFlow's cannot be had now.
        """
        if wanted is None:
            return None
        there = await self._nodejses.all()
        for exact in there:
            if is_exactly(wanted, exact.version):
                return exact
        tool, why = await self._fetched(RobotAssetType.NODEJS, wanted.removeprefix("v"), report, held)
        for program in await in_thread(lambda: programs_in(tool, "node") if tool else []):
            if (fetched := await self._nodejses.ask(program)) is not None:
                return fetched
        for near in there:
            if is_near(wanted, near.version, places=_NODEJS_PLACES):
                report(f"the package asks for Node.js {wanted} and gets {near.version} of this machine ({why})")
                return near
        has = _has([each.version for each in there])
        raise EnvironmentInvalid(f"there is no Node.js {wanted}: {has}, and {why}: install it on this machine")

    async def _fetched(
        self, kind: RobotAssetType, wanted: str, report: Report, held: AsyncExitStack
    ) -> tuple[Path | None, str]:
        """KuFlow's tool if there is one, and what to say if it is of no use."""
        if self._assets is None:
            return None, "KuFlow's are not used"
        try:
            tool = await held.enter_async_context(self._assets.lease(kind, wanted, report))
        except EnvironmentInvalid as error:
            return None, str(error)
        return tool, "KuFlow's does not start here"


def _has(versions: list[str]) -> str:
    return f"this machine has {', '.join([*dict.fromkeys(versions)][:_SHOWN]) or 'none'}"

"""Whether the modules with workflows and activities can be served. Their code runs in a process of its own."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from kurun_worker.doctor.checks import Check
from kurun_worker.doctor.report import Outcome, Verdict, misconfigured, ok

SECONDS: Final = 60.0
"""How long all modules together may take; large ones import slowly on a small machine."""
DEFINITIONS: Final = "definitions"
"""Name of the check for what the modules hold together."""
_MOST_ANSWERS: Final = 1024**2


@dataclass
class Probe:
    """One process that imports the modules and tries their workflows in the sandbox.

    Attributes:
        names: The modules.
        sandbox: Whether the worker would use the sandbox.
        answers: What it told, by subject.
        ending: How it ended, if not well.
    """

    names: Sequence[str]
    sandbox: bool
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    ending: str = ""
    _running: "asyncio.Task[None] | None" = None

    async def finished(self) -> None:
        """Wait for its end; the first who asks starts it."""
        if self._running is None:
            self._running = asyncio.ensure_future(self._run())
        await asyncio.shield(self._running)

    async def _run(self) -> None:
        reading, writing = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "kurun_worker.doctor.probe", str(writing)),
                *("sandbox" if self.sandbox else "no-sandbox", *self.names),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,  # what modules print is not ours to tell
                stderr=asyncio.subprocess.DEVNULL,
                pass_fds=(writing,),
                start_new_session=True,
            )
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        try:
            async with asyncio.timeout(SECONDS):
                await self._listen(reading)
                code = await process.wait()
            if code != 0:
                self.ending = f"ended the process with {f'signal {-code}' if code < 0 else f'exit code {code}'}"
        except TimeoutError:
            self.ending = f"was not done after {SECONDS:g} s"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()

    async def _listen(self, descriptor: int) -> None:
        reader = asyncio.StreamReader(limit=_MOST_ANSWERS)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", buffering=0)
        )
        try:
            # A process that a module left behind may hold the pipe for ever: the probe says when it is done.
            while (told := await reader.readline()) and (answer := json.loads(told))["about"] != "":
                self.answers[answer["about"]] = answer
        finally:
            transport.close()


def module_checks(names: Sequence[str], *, sandbox: bool) -> list[Check]:
    """One for each module, and one for all of them together."""
    if not names:
        return []
    probe = Probe(names, sandbox)

    modules = [_check(probe, f"module {name}", name) for name in dict.fromkeys(names)]
    return [*modules, _check(probe, DEFINITIONS, DEFINITIONS, needs=tuple(check.name for check in modules))]


def _check(probe: Probe, title: str, about: str, *, needs: tuple[str, ...] = ()) -> Check:
    async def look() -> Verdict:
        await probe.finished()
        return _verdict(probe, about)

    return Check(title, look, needs=needs, seconds=SECONDS + 5)


def _verdict(probe: Probe, about: str) -> Verdict:
    answer = probe.answers.get(about)
    if answer is None:
        if probe.ending and _next(probe) == about:
            return misconfigured(f"importing it {probe.ending}", "import nothing that exits or waits")
        return Verdict(Outcome.SKIPPED, f"because {_next(probe) or 'the module before'} {probe.ending or 'failed'}")
    if answer["wrong"]:
        return misconfigured(str(answer["wrong"]).removeprefix("worker.modules: "), str(answer["fix"]))
    return ok(str(answer["said"]))


def _next(probe: Probe) -> str:
    """What was looked at when the process ended."""
    return next((name for name in (*probe.names, DEFINITIONS) if name not in probe.answers), "")

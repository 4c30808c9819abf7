"""Running checks: side by side, each with a limit, told in the order in which they are listed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from kurun_worker.doctor.report import Finding, Outcome, Verdict, failed
from kurun_worker.reasons import line

SECONDS: Final = 15.0
"""How long a check may take unless it says otherwise."""


@dataclass(frozen=True)
class Check:
    """One thing to verify.

    Attributes:
        name: What is checked, as the report calls it.
        look: Does it.
        needs: Names of the checks, listed before, without which this one says nothing.
        seconds: How long it may take.
    """

    name: str
    look: Callable[[], Awaitable[Verdict]]
    needs: tuple[str, ...] = ()
    seconds: float = SECONDS


def known(name: str, verdict: Verdict) -> Check:
    """A check whose result is there already."""

    async def look() -> Verdict:
        return verdict

    return Check(name, look)


async def examine(
    checks: Sequence[Check], *, waiting: Callable[[str], None] = lambda _name: None
) -> AsyncIterator[Finding]:
    """Run checks, and yield what they find in the order of the list.

    Args:
        checks: What to do. A check that needs another one stands behind it.
        waiting: Told the name of the check that is waited for.
    """
    running: list[tuple[str, asyncio.Task[Verdict]]] = []
    for check in checks:
        # Several checks may have one name: the address of two places, for instance.
        needed = [(name, task) for name, task in running if name in check.needs]
        running.append((check.name, asyncio.ensure_future(_when_ready(check, needed))))
    try:
        for name, task in running:
            waiting(name)
            yield Finding(name, await task)
    finally:
        for _, task in running:
            task.cancel()
        await asyncio.gather(*(task for _, task in running), return_exceptions=True)


async def _when_ready(check: Check, needed: Sequence[tuple[str, "asyncio.Task[Verdict]"]]) -> Verdict:
    for name, task in needed:
        verdict = await asyncio.shield(task)
        if verdict.outcome is Outcome.FAILED:
            return Verdict(Outcome.SKIPPED, f"because {name} failed")
        if verdict.outcome is Outcome.SKIPPED:
            return verdict
    try:
        async with asyncio.timeout(check.seconds):
            return await check.look()
    except TimeoutError:
        return failed(f"no result within {check.seconds:g} s", "see whether a firewall drops what is sent there")
    except Exception as error:  # one check that breaks must not hide what the others find
        return failed(f"the check broke: {type(error).__name__}: {line(error)}", "please report this as a bug of kurun")

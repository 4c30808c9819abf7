"""Work that several tasks of this process want at the same time, done by the first of them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from kurun_robots.environment.reports import Report
from kurun_robots.errors import RobotError


@dataclass
class _Flight:
    outcome: "asyncio.Future[RobotError | None]"
    reports: list[Report] = field(default_factory=list)

    def tell(self, line: str) -> None:
        for report in self.reports:
            report(line)


class Flights:
    """Work by its key."""

    def __init__(self) -> None:
        self._flights: dict[str, _Flight] = {}

    def has(self, key: str) -> bool:
        """Whether somebody is doing this work."""
        return key in self._flights

    async def join(self, key: str, work: Callable[[Report], Awaitable[None]], report: Report) -> None:
        """Do the work, or wait for the one who is doing it.

        A failure is the failure of all who wait. When the one who does the work is cancelled, the others come back
        without it having been done, and ask again.

        Args:
            key: What is worked on.
            work: Does it; gets a report that reaches all who wait.
            report: Gets lines.

        Raises:
            RobotError: The work failed.
        """
        if (flight := self._flights.get(key)) is not None:
            await self._wait(flight, report)
            return
        flight = self._flights[key] = _Flight(asyncio.get_running_loop().create_future(), [report])
        failure = None
        try:
            await work(flight.tell)
        except RobotError as error:
            failure = error
            raise
        finally:
            del self._flights[key]
            flight.outcome.set_result(failure)

    async def _wait(self, flight: _Flight, report: Report) -> None:
        flight.reports.append(report)
        try:
            failure = await asyncio.shield(flight.outcome)
        finally:
            flight.reports.remove(report)
        if failure is not None:
            raise type(failure)(*failure.args)

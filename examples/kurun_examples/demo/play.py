"""The play itself: processes are started, people work, everything is checked."""

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from kurun_clients.http import ApiError
from kurun_clients.kuflow import BasicAuth, KuFlowClient
from kurun_clients.kuflow.models import JsonValue, ProcessCreateParams, ProcessState
from kurun_examples.demo.applications import Application
from kurun_examples.demo.board import Board
from kurun_examples.demo.cases import Cases
from kurun_examples.demo.checks import Found, check_all
from kurun_examples.demo.figures import DemoFigures, Twin, TwinFigures
from kurun_examples.demo.people import APPLICATION, APPROVAL, Person

if TYPE_CHECKING:
    from kurun_examples.demo.k2_side import K2Side

PROCESS_CODE: Final = "LOAN"
PATIENCE: Final = 60.0
"""Seconds without any progress after which the demo gives up."""

NOT_STARTED: Final = "NOT STARTED"

_LOOK_EVERY: Final = 0.3
_START_EVERY: Final = 1.0  # long enough for a token to be renewed while processes run
_STARTING: Final = 20.0  # but no longer than this for all rows together


class Play:
    """One performance of all applications against a running twin and worker.

    Args:
        info: What ``kurun dev`` wrote to its ``--info`` file.
        applications: The rows.
        board: Shows what happens.
        k2: Decides about loans above the limit; without it a person in KuFlow does.
    """

    def __init__(
        self, info: dict[str, Any], applications: list[Application], board: Board, k2: "K2Side | None" = None
    ) -> None:
        self._info = info
        self._k2 = k2
        self._board = board
        self.cases = Cases(applications, board.show)

    async def perform(self, *, token_life: float, began: float) -> DemoFigures:
        """Start every process, let people do their tasks, wait for the ends, and check them.

        Args:
            token_life: How long the engine's tokens live, in seconds.
            began: Reading of the monotonic clock from which on the duration counts.
        """
        self._board.watch(self.cases.all)
        self._board.say("playing the applications")
        twin = Twin(self._info)
        try:
            async with self._client(self._info["kuflow"]) as kuflow:
                await self._act(kuflow)
                self._board.say("checking what the processes hold")
                started = [case for case in self.cases.all if case.started]
                found = await check_all(started, kuflow)
                if self._k2 is not None:
                    found.k2 = await self._k2.check(started, kuflow, await twin.k2_history())
            seen = await self._until_renewed(twin, patience=token_life)
        finally:
            await twin.aclose()
        return self._figures(found, seen, time.monotonic() - began)

    async def _act(self, kuflow: KuFlowClient) -> None:
        clerk, approver = self._info["users"][:2]
        async with self._client(clerk) as as_clerk, self._client(approver) as as_approver:
            people = [
                Person("clerk", as_clerk, APPLICATION, self.cases),
                self._k2.approver(self.cases) if self._k2 else Person("approver", as_approver, APPROVAL, self.cases),
            ]
            try:
                async with asyncio.TaskGroup() as tasks:
                    working = [tasks.create_task(person.work()) for person in people]
                    tasks.create_task(self._start_all(kuflow))
                    await self._until_over(kuflow)
                    for task in working:
                        task.cancel()
            except ExceptionGroup as group:
                raise _first(group) from None

    async def _start_all(self, kuflow: KuFlowClient) -> None:
        pause = min(_START_EVERY, _STARTING / len(self.cases.all))
        asked_in_k2 = {"k2": {"workflowId": self._k2.workflow_id}} if self._k2 else {}
        for case in self.cases.all:
            params = ProcessCreateParams(
                id=case.process_id,
                process_definition_code=PROCESS_CODE,
                tenant_id=UUID(self._info["kuflow"]["tenant_id"]),
                metadata=JsonValue.of({"applicant": case.application.applicant, **asked_in_k2}),
            )
            try:
                await kuflow.processes.create(params)
            except ApiError as error:
                case.problems.append(f"could not be started: {error}")
                case.ended = NOT_STARTED
            else:
                case.started = True
                self.cases.report(case, "process started")
            await asyncio.sleep(pause)

    async def _until_over(self, kuflow: KuFlowClient) -> None:
        """Wait until every process is over; those that make no progress are left with a problem."""
        while not self.cases.done():
            await asyncio.sleep(_LOOK_EVERY)
            with contextlib.suppress(ApiError):  # asked again soon
                await self._note_ends(kuflow)
            if time.monotonic() - self.cases.last_change > PATIENCE:
                for case in self.cases.all:
                    if case.ended is None:
                        case.ended = ProcessState.RUNNING.value
                        case.problems.append(f"no progress for {PATIENCE:.0f} s after: {case.step}")

    async def _note_ends(self, kuflow: KuFlowClient) -> None:
        candidates = self.cases.running()
        still = {
            process.id
            async for process in kuflow.processes.iterate(
                process_definition_code=(PROCESS_CODE,), state=(ProcessState.RUNNING,)
            )
        }
        for case in candidates:
            if case.process_id not in still:
                case.ended = (await kuflow.processes.retrieve(case.process_id)).state.value
                self.cases.report(case, f"process {case.ended}")

    async def _until_renewed(self, twin: Twin, *, patience: float) -> TwinFigures:
        """The twin's figures, once the engine token has been renewed; a token's life is long enough for it."""
        deadline = time.monotonic() + min(patience, PATIENCE)
        while True:
            figures = await twin.figures()
            if figures.token_renewals or time.monotonic() > deadline:
                return figures
            self._board.say("waiting for the engine token to be renewed")
            await asyncio.sleep(_LOOK_EVERY)

    def _figures(self, found: Found, seen: TwinFigures, duration: float) -> DemoFigures:
        cases = self.cases.all
        return DemoFigures(
            processes=len(cases),
            completed=sum(case.ended == ProcessState.COMPLETED.value for case in cases),
            reached=sum(case.reached for case in cases),
            items=found.items,
            documents=found.documents,
            bytes=found.bytes,
            log_lines=found.log_lines,
            token_renewals=seen.token_renewals,
            registrations=seen.counts.get("registrations", 0),
            refused_polls=seen.engine.refused_polls,
            duration=round(duration, 3),
            k2=found.k2,
        )

    def _client(self, principal: dict[str, Any]) -> KuFlowClient:
        auth = BasicAuth(principal["client_id"], principal["client_secret"])
        return KuFlowClient(self._info["kuflow"]["endpoint"], auth=auth)


def _first(error: Exception) -> Exception:
    """What went wrong first, out of the groups that tasks wrap it in: it makes a message that can be read."""
    return _first(error.exceptions[0]) if isinstance(error, ExceptionGroup) else error

"""Notices workflows that cannot go on because their tasks fail, and when they go on again."""

import asyncio
import logging
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol

from google.protobuf.message import DecodeError
from temporalio.api.enums.v1 import WorkflowTaskFailedCause
from temporalio.api.failure.v1 import Failure
from temporalio.api.workflowservice.v1 import RespondWorkflowTaskCompletedRequest, RespondWorkflowTaskFailedRequest
from temporalio.client import Client
from temporalio.service import RPCError

from kurun_twin.engine.task_tokens import workflow_of
from kurun_twin.engine.watcher import ENCODED

logger = logging.getLogger(__name__)

MOST_WORKFLOWS = 1000
"""Stuck workflows that are remembered; older ones may be told again."""
MOST_CAUSES = 5
"""Causes that are told of one workflow until it goes on."""

_MOST_REASON = 300
_WAITING = 1000
_CALL = timedelta(seconds=10)
_CHANGING = re.compile(r"0x[0-9a-f]+|\d+", re.IGNORECASE)
_CAUSE = "WORKFLOW_TASK_FAILED_CAUSE_"

Tell = Callable[[str, str, str | None], Awaitable[object]]
"""Told a workflow's id and type (empty if the engine does not say), and why it is stuck; ``None``: it goes on."""


class StuckFigures(Protocol):
    """Where stuck workflows are counted."""

    def workflow_stuck(self, workflow_id: str, reason: str) -> None:
        """Its tasks fail."""

    def workflow_not_stuck(self, workflow_id: str) -> None:
        """It goes on, or has ended."""


class StuckWorkflows:
    """Hears what workers answer through the gateway.

    A worker tells the first failure of a task and lets the further attempts time out, so this is the one moment at
    which the engine learns the reason. Each workflow is told once for each cause, and once more when it goes on.
    """

    def __init__(self, client: Client, figures: StuckFigures, tell: Tell) -> None:
        """Nothing is told before :meth:`run`.

        Args:
            client: A client of the engine, past the gateway.
            figures: Where they are counted.
            tell: Told of each.
        """
        self._client = client
        self._figures = figures
        self._tell = tell
        self._causes: OrderedDict[str, set[str]] = OrderedDict()
        self._news: asyncio.Queue[tuple[str, str | None]] = asyncio.Queue(_WAITING)

    def passed(self, method: str, request: bytes) -> None:
        """A worker's call went through the gateway."""
        try:
            if method == "RespondWorkflowTaskFailed":
                failed = RespondWorkflowTaskFailedRequest.FromString(request)
                self._failed(workflow_of(failed.task_token), _reason(failed))
            elif method == "RespondWorkflowTaskCompleted" and self._causes:
                completed = RespondWorkflowTaskCompletedRequest.FromString(request)
                self._completed(workflow_of(completed.task_token))
        except DecodeError:
            logger.info("a call of %s cannot be read", method)

    def ended(self, workflow_id: str) -> None:
        """A workflow is over; that is told elsewhere."""
        if self._causes.pop(workflow_id, None) is not None:
            self._figures.workflow_not_stuck(workflow_id)

    async def run(self) -> None:
        """Tell until cancelled."""
        while True:
            workflow_id, reason = await self._news.get()
            await self._tell(workflow_id, await self._type(workflow_id), reason)

    def _failed(self, workflow_id: str, reason: str) -> None:
        if not workflow_id:
            return
        causes = self._causes.setdefault(workflow_id, set())
        cause = _CHANGING.sub("#", reason)
        if cause in causes or len(causes) >= MOST_CAUSES:
            return
        causes.add(cause)
        self._figures.workflow_stuck(workflow_id, reason)
        while len(self._causes) > MOST_WORKFLOWS:
            self._figures.workflow_not_stuck(self._causes.popitem(last=False)[0])
        self._put(workflow_id, reason)

    def _completed(self, workflow_id: str) -> None:
        if workflow_id in self._causes:
            self.ended(workflow_id)
            self._put(workflow_id, None)

    def _put(self, workflow_id: str, reason: str | None) -> None:
        try:
            self._news.put_nowait((workflow_id, reason))
        except asyncio.QueueFull:
            logger.info("too many workflows are stuck to tell of each")

    async def _type(self, workflow_id: str) -> str:
        try:
            return (await self._client.get_workflow_handle(workflow_id).describe(rpc_timeout=_CALL)).workflow_type
        except RPCError as error:
            logger.info("the engine cannot be asked for the type of a workflow: %s", error.status.name)
            return ""


def _reason(request: RespondWorkflowTaskFailedRequest) -> str:
    """Type and first line of the error that the others around it only pass on."""
    failure: Failure = request.failure
    while failure.HasField("cause"):
        failure = failure.cause
    kind = failure.application_failure_info.type
    if not kind and request.cause in WorkflowTaskFailedCause.values():
        kind = WorkflowTaskFailedCause.Name(request.cause).removeprefix(_CAUSE)
    lines = failure.message.strip().splitlines()
    said = "its message is encrypted" if failure.message == ENCODED else (lines[0] if lines else "")
    return ": ".join(filter(None, (kind, said)))[:_MOST_REASON]

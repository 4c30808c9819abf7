"""Tells Temporal what the platform decided: starts, signals and cancels workflows, in the order of the outbox."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from itertools import groupby
from operator import attrgetter

from temporalio.api.common.v1 import Payloads, WorkflowExecution, WorkflowType
from temporalio.api.enums.v1 import WorkflowIdConflictPolicy, WorkflowIdReusePolicy
from temporalio.api.errordetails.v1 import NamespaceNotFoundFailure
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    RequestCancelWorkflowExecutionRequest,
    SignalWorkflowExecutionRequest,
    StartWorkflowExecutionRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from kurun_twin.engine.encryption import Encryption, NoKeyError, headers, json_payload
from kurun_twin.outbox import CommandKind, EngineCommand, Outbox

logger = logging.getLogger(__name__)

IDENTITY = "kurun-twin"

_BATCH = 500
_AT_ONCE = 20
_CALL = timedelta(seconds=10)
_BACKOFF_MIN = 0.1
_BACKOFF_MAX = 5.0

# The workflow is there already, was never there, or is over: nothing is left to do.
_SETTLED = {
    CommandKind.START_WORKFLOW: {RPCStatusCode.ALREADY_EXISTS},
    CommandKind.SIGNAL_WORKFLOW: {RPCStatusCode.NOT_FOUND},
    CommandKind.CANCEL_WORKFLOW: {RPCStatusCode.NOT_FOUND},
}
# The engine will never take it; holding on to it would hold up the rest of the process.
_HOPELESS = {RPCStatusCode.INVALID_ARGUMENT, RPCStatusCode.UNIMPLEMENTED}


class Dispatcher:
    """Empties the outbox for as long as it runs.

    Commands to a confidential workflow are encrypted on their way, so that the engine never sees their content. One
    whose key is missing waits, and holds up no other workflow.

    A command that was sent but not yet marked is sent again after a crash. Its number in the outbox makes that
    harmless: Temporal drops a second request with the same request id, and refuses a second workflow with the same id.
    """

    def __init__(
        self,
        outbox: Outbox,
        client: Client,
        origin: str,
        *,
        encryption: Encryption,
        held: Callable[[EngineCommand, str], None],
    ) -> None:
        """Make a dispatcher.

        Args:
            outbox: Where the commands are.
            client: A client of the engine, past the gateway.
            origin: Tells this outbox from those of other twins on the same engine.
            encryption: Encrypts what is said to confidential workflows.
            held: Told of a command that waits until the twin is started again with the key that it needs, and why.
        """
        self._outbox = outbox
        self._client = client
        self._origin = origin
        self._encryption = encryption
        self._held = held
        self._missing_keys: set[str] = set()
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._away = False

    async def run(self) -> None:
        """Send commands until cancelled."""
        backoff = _BACKOFF_MIN
        while True:
            self._outbox.wakeup.clear()
            commands = await self._outbox.pending(_BATCH, without_keys=self._missing_keys)
            if not commands:
                await self._outbox.wakeup.wait()
            elif await self._send_all(commands):
                backoff = _BACKOFF_MIN
            else:
                await asyncio.sleep(backoff)
                backoff = min(backoff * 2, _BACKOFF_MAX)

    async def _send_all(self, commands: Sequence[EngineCommand]) -> bool:
        """Whether all of them are done; workflows side by side, the commands of each one after the other."""
        self._away = False
        by_workflow = groupby(sorted(commands, key=attrgetter("workflow_id", "id")), key=attrgetter("workflow_id"))
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._send_in_order(list(queue))) for _, queue in by_workflow]
        return all(task.result() for task in tasks)

    async def _send_in_order(self, commands: Sequence[EngineCommand]) -> bool:
        async with self._slots:
            for command in commands:
                # After the first failure the rest of the batch waits for the next try instead of failing one by one.
                self._away = self._away or not await self._send(command)
                if self._away:
                    return False
        return True

    async def _send(self, command: EngineCommand) -> bool:
        if command.kms_key_id in self._missing_keys:
            return True
        try:
            arguments = await self._arguments(command)
            await self._call(command, arguments)
        except NoKeyError as error:
            # The key may be back after the next start; until then everything of its workflows waits, in its order.
            self._missing_keys.add(command.kms_key_id or "")
            await self._outbox.failed(command.id, str(error))
            self._held(command, str(error))
            return True
        except RPCError as error:
            if not _is_settled(command, error):
                await self._outbox.failed(command.id, f"{error.status.name}: {error.message}")
                logger.info("%s %s: engine answered %s", command.kind, command.workflow_id, error.status.name)
                return False
        await self._outbox.done(command.id)
        return True

    async def _arguments(self, command: EngineCommand) -> Payloads:
        """The one argument, encrypted where the workflow is confidential."""
        payloads = [] if command.payload is None else [json_payload(command.payload)]
        if command.kms_key_id is not None and payloads:
            payloads = await self._encryption.sealed(payloads, command.kms_key_id)
        return Payloads(payloads=payloads)

    def _call(self, command: EngineCommand, arguments: Payloads) -> Awaitable[object]:
        service, namespace = self._client.workflow_service, self._client.namespace
        request_id = f"{self._origin}-{command.id}"
        execution = WorkflowExecution(workflow_id=command.workflow_id)
        match command.kind:
            case CommandKind.START_WORKFLOW:
                start = StartWorkflowExecutionRequest(
                    namespace=namespace,
                    workflow_id=command.workflow_id,
                    workflow_type=WorkflowType(name=command.workflow_type or ""),
                    task_queue=TaskQueue(name=command.task_queue or ""),
                    input=arguments,
                    header=headers(command.kms_key_id),
                    identity=IDENTITY,
                    request_id=request_id,
                    workflow_id_reuse_policy=WorkflowIdReusePolicy.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
                    workflow_id_conflict_policy=WorkflowIdConflictPolicy.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
                )
                return service.start_workflow_execution(start, timeout=_CALL)
            case CommandKind.SIGNAL_WORKFLOW:
                signal = SignalWorkflowExecutionRequest(
                    namespace=namespace,
                    workflow_execution=execution,
                    signal_name=command.signal_name or "",
                    input=arguments,
                    header=headers(command.kms_key_id),
                    identity=IDENTITY,
                    request_id=request_id,
                )
                return service.signal_workflow_execution(signal, timeout=_CALL)
            case CommandKind.CANCEL_WORKFLOW:
                cancel = RequestCancelWorkflowExecutionRequest(
                    namespace=namespace, workflow_execution=execution, identity=IDENTITY, request_id=request_id
                )
                return service.request_cancel_workflow_execution(cancel, timeout=_CALL)


def _is_settled(command: EngineCommand, error: RPCError) -> bool:
    if error.status in _HOPELESS:
        logger.error("%s %s: engine refuses it: %s", command.kind, command.workflow_id, error.message)
        return True
    return error.status in _SETTLED[command.kind] and not _namespace_is_missing(error)


def _namespace_is_missing(error: RPCError) -> bool:
    """Temporal says NOT_FOUND, too, while it does not know a new namespace yet."""
    return any(detail.Is(NamespaceNotFoundFailure.DESCRIPTOR) for detail in error.grpc_status.details)

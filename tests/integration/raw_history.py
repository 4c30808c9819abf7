"""Histories as the server keeps them, undecoded."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping

from google.protobuf.message import Message
from temporalio.api.common.v1 import Header, Payload, SearchAttributes, WorkflowExecution
from temporalio.api.history.v1 import HistoryEvent, MarkerRecordedEventAttributes
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest
from temporalio.client import Client


def parts(message: Message) -> Iterator[Message]:
    """The messages directly inside a message."""
    for _, value in message.ListFields():
        several = value.values() if isinstance(value, Mapping) else value if isinstance(value, Iterable) else [value]
        yield from (each for each in several if isinstance(each, Message))


def payloads_in(message: Message) -> Iterator[Payload]:
    """Every payload of a message, apart from headers, search attributes and the SDK's own notes of local activities."""
    if isinstance(message, Payload):
        yield message
    elif isinstance(message, MarkerRecordedEventAttributes):
        yield from message.details["result"].payloads
    elif not isinstance(message, (Header, SearchAttributes)):
        for each in parts(message):
            yield from payloads_in(each)


def headers_in(message: Message) -> Iterator[Header]:
    """Every header of a message."""
    for each in parts(message):
        if isinstance(each, Header):
            yield each
        else:
            yield from headers_in(each)


async def events_of(client: Client, workflow_id: str) -> list[HistoryEvent]:
    """The events of all runs of a workflow, the last one first, and of its children, as the server keeps them."""
    events: list[HistoryEvent] = []
    run_id: str | None = None
    while True:
        run = [each async for each in client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history_events()]
        events += run
        started = run[0].workflow_execution_started_event_attributes
        for each in run:
            if each.HasField("child_workflow_execution_started_event_attributes"):
                child = each.child_workflow_execution_started_event_attributes.workflow_execution.workflow_id
                events += await events_of(client, child)
        run_id = started.continued_execution_run_id
        if not run_id:
            return events


async def heartbeat_of(client: Client, workflow_id: str) -> list[Payload]:
    """The details of a pending activity's heartbeat, as the server keeps them."""
    request = DescribeWorkflowExecutionRequest(
        namespace=client.namespace, execution=WorkflowExecution(workflow_id=workflow_id)
    )
    async with asyncio.timeout(20):
        while True:
            description = await client.workflow_service.describe_workflow_execution(request)
            for pending in description.pending_activities:
                if pending.heartbeat_details.payloads:
                    return list(pending.heartbeat_details.payloads)
            await asyncio.sleep(0.05)


async def task_failure(client: Client, workflow_id: str) -> HistoryEvent:
    """The first failure of a workflow task."""
    async with asyncio.timeout(20):
        while True:
            for each in await events_of(client, workflow_id):
                if each.HasField("workflow_task_failed_event_attributes"):
                    return each
            await asyncio.sleep(0.05)

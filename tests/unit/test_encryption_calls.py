"""The interceptors where a real Temporal is not needed: headers that are wrong, and headers of Nexus."""

from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadConverter
from temporalio.exceptions import ApplicationError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    StartNexusOperationInput,
    WorkflowInboundInterceptor,
    WorkflowOutboundInterceptor,
)
from temporalio.workflow import Info, NexusOperationHandle

from kurun_worker.encryption import EncryptionInterceptor, InvalidHeadersError
from kurun_worker.encryption.workflow_calls import WorkflowRun, _WorkflowCalls

KEYLESS = {"x-kuflow-encoding": PayloadConverter.default.to_payload("binary/encrypted?vendor=KuFlow")}


class Activity(ActivityInboundInterceptor):
    """The end of an activity's chain."""

    def __init__(self) -> None:
        self.executed = False

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        """Be seen."""
        self.executed = True


class Workflow(WorkflowInboundInterceptor):
    """The end of a workflow's chain."""

    def __init__(self) -> None:
        self.outbound: WorkflowOutboundInterceptor | None = None

    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        """Be seen."""
        self.outbound = outbound


class Outbound(WorkflowOutboundInterceptor):
    """The end of the chain of a workflow's calls."""

    def __init__(self, headers: dict[str, Payload] | None = None) -> None:
        self.nexus: Any = None
        self._headers = headers or {}

    def info(self) -> Info:
        """Headers are all that is asked for."""
        info = object.__new__(Info)
        object.__setattr__(info, "headers", self._headers)
        return info

    async def start_nexus_operation(self, input: StartNexusOperationInput[Any, Any]) -> NexusOperationHandle[Any]:  # noqa: A002
        """Be seen."""
        self.nexus = input.headers
        return None  # type: ignore[return-value]  # nobody asks for it


async def test_an_activity_whose_headers_name_no_key_is_not_executed() -> None:
    """Nor repeated: its headers never change."""
    end = Activity()
    chain = EncryptionInterceptor().intercept_activity(end)
    call = ExecuteActivityInput(fn=print, args=[], executor=None, headers=KEYLESS)

    with pytest.raises(ApplicationError, match="names no key") as caught:
        await chain.execute_activity(call)

    assert caught.value.non_retryable
    assert caught.value.type == "InvalidHeadersError"
    assert not end.executed


def test_a_workflow_whose_headers_name_no_key_does_not_begin() -> None:
    """Its task fails, and the process can still be looked at."""
    end = Workflow()

    with pytest.raises(InvalidHeadersError):
        WorkflowRun(end).init(Outbound(KEYLESS))

    assert end.outbound is None


def test_a_workflow_without_the_headers_is_left_alone() -> None:
    """Nothing of ours stands between it and Temporal."""
    end, outbound = Workflow(), Outbound()
    WorkflowRun(end).init(outbound)

    assert end.outbound is outbound


async def test_nexus_operations_carry_the_key_in_plain_strings() -> None:
    """As the Java SDK sends them."""
    outbound = Outbound()
    call = object.__new__(StartNexusOperationInput)
    call.headers = {"own": "kept"}
    await _WorkflowCalls(outbound, "the-key").start_nexus_operation(call)

    assert outbound.nexus == {
        "own": "kept",
        "x-kuflow-encoding": "binary/encrypted?vendor=KuFlow",
        "x-kuflow-encoding-encrypted-key-id": "the-key",
    }

"""Workflows whose tasks fail, as the gateway hears of them."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from temporalio.api.enums.v1 import WorkflowTaskFailedCause
from temporalio.api.failure.v1 import ApplicationFailureInfo, Failure
from temporalio.api.workflowservice.v1 import RespondWorkflowTaskCompletedRequest, RespondWorkflowTaskFailedRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from kurun_twin.engine.stuck import MOST_CAUSES, MOST_WORKFLOWS, StuckWorkflows
from kurun_twin.engine.task_tokens import workflow_of
from kurun_twin.events import stuck
from kurun_twin.figures import Figures

FAILED, COMPLETED = "RespondWorkflowTaskFailed", "RespondWorkflowTaskCompleted"


def token(workflow_id: str) -> bytes:
    """As Temporal makes it: namespace, workflow, run, event, attempt."""
    fields = b"".join(bytes([number << 3 | 2, len(text)]) + text.encode() for number, text in _texts(workflow_id))
    return fields + bytes([0x20, 2, 0x28, 1])


def _texts(workflow_id: str) -> Sequence[tuple[int, str]]:
    return ((1, "a namespace"), (2, workflow_id), (3, "a run"))


def failed(workflow_id: str, message: str, kind: str = "KeyError", *, cause: int = 14) -> bytes:
    """What a worker answers."""
    failure = Failure(message=message, application_failure_info=ApplicationFailureInfo(type=kind))
    found = cast("WorkflowTaskFailedCause.ValueType", cause)
    return RespondWorkflowTaskFailedRequest(
        task_token=token(workflow_id), cause=found, failure=failure
    ).SerializeToString()


def completed(workflow_id: str) -> bytes:
    """What a worker answers."""
    return RespondWorkflowTaskCompletedRequest(task_token=token(workflow_id)).SerializeToString()


class Engine:
    """Knows the type of every workflow but one."""

    def get_workflow_handle(self, workflow_id: str) -> "Engine":
        """Its handle."""
        self._id = workflow_id
        return self

    async def describe(self, **_: Any) -> Any:
        """What the engine knows."""
        if self._id == "gone":
            raise RPCError("gone", RPCStatusCode.NOT_FOUND, b"")
        return SimpleNamespace(workflow_type="Loan")


class Heard:
    """What is told."""

    def __init__(self) -> None:
        self.figures = Figures()
        self.told: list[tuple[str, str, str | None]] = []
        self.workflows = StuckWorkflows(cast("Client", Engine()), self.figures, self._tell)

    async def _tell(self, workflow_id: str, workflow_type: str, reason: str | None) -> None:
        self.told.append((workflow_id, workflow_type, reason))

    async def all(self) -> list[tuple[str, str, str | None]]:
        """Everything so far."""
        task = asyncio.create_task(self.workflows.run())
        await asyncio.sleep(0.05)
        task.cancel()
        return self.told

    @property
    def stuck(self) -> dict[str, str]:
        """What the figures show."""
        shown: dict[str, str] = self.figures.snapshot()["engine"]["stuck"]
        return shown


async def test_each_cause_is_told_once_and_that_it_goes_on() -> None:
    """Numbers and addresses in a message make no other cause; what was never stuck is never told."""
    heard = Heard()
    for request in (
        failed("p", "no key 7 in <x at 0x7f3a>"),
        failed("p", "no key 81 in <x at 0x44bc>"),
        failed("gone", "first line\nsecond line"),
    ):
        heard.workflows.passed(FAILED, request)
    shown = heard.stuck
    heard.workflows.passed(COMPLETED, completed("other"))
    heard.workflows.passed(COMPLETED, completed("p"))
    heard.workflows.passed(COMPLETED, completed("p"))
    heard.workflows.passed(FAILED, failed("p", "no key 7 in <x at 0x7f3a>"))
    heard.workflows.ended("p")

    assert await heard.all() == [
        ("p", "Loan", "KeyError: no key 7 in <x at 0x7f3a>"),
        ("gone", "", "KeyError: first line"),
        ("p", "Loan", None),
        ("p", "Loan", "KeyError: no key 7 in <x at 0x7f3a>"),
    ]
    assert shown == {"p": "KeyError: no key 7 in <x at 0x7f3a>", "gone": "KeyError: first line"}
    assert heard.stuck == {"gone": "KeyError: first line"}


async def test_nothing_grows_without_end() -> None:
    """Neither causes of one workflow, nor workflows, nor what waits to be told, nor a message."""
    heard = Heard()
    for cause in range(MOST_CAUSES * 3):
        heard.workflows.passed(FAILED, failed("p", "x" * 5000, f"{'K' * cause}Error"))
    of_one = len(await heard.all())
    for number in range(MOST_WORKFLOWS * 3):
        heard.workflows.passed(FAILED, failed(f"p{number}", "x" * 5000))

    assert of_one == MOST_CAUSES
    assert len(heard.workflows._causes) == MOST_WORKFLOWS
    assert len(await heard.all()) <= MOST_CAUSES + 1000
    assert len(heard.stuck) == 100
    assert max(len(reason or "") for _, _, reason in heard.told) == 300


@pytest.mark.parametrize(
    "request_", [b"\xff", b"", RespondWorkflowTaskFailedRequest(task_token=b"x").SerializeToString()]
)
async def test_what_cannot_be_read_is_left_alone(request_: bytes) -> None:
    """Another server's tokens, or none: the call has passed, and nothing is told."""
    heard = Heard()
    heard.workflows.passed(FAILED, failed("p", "x"))
    heard.workflows.passed(FAILED, request_)
    heard.workflows.passed(COMPLETED, request_)

    assert [each for each, _, _ in await heard.all()] == ["p"]
    assert workflow_of(b"\x12\x02\xff\xff") == ""


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (failed("p", "Encoded failure"), "KeyError: its message is encrypted"),
        (failed("p", "", "KeyError"), "KeyError"),
        (failed("p", "no match", "", cause=24), "NON_DETERMINISTIC_ERROR: no match"),
        (failed("p", "odd", "", cause=9999), "odd"),
    ],
    ids=["encrypted", "without words", "without type", "unknown cause"],
)
async def test_the_reason_in_one_line(request_: bytes, said: str) -> None:
    """Its type, or the engine's word for it, and what it says."""
    heard = Heard()
    heard.workflows.passed(FAILED, request_)

    assert [reason for _, _, reason in await heard.all()] == [said]


def test_the_line_names_what_it_is_about() -> None:
    """A process by its definition; a child's workflow, or one without known type, by its id."""
    process = {"processDefinitionRef": {"code": "LOAN"}}

    assert stuck("p", "Loan", process, "KeyError: 'days'\x1b[2J", "page") == (
        "workflow Loan of process LOAN p cannot go on until it is mended: KeyError: 'days' [2J (see page)"
    )
    assert stuck("p/child", "", None, None, "page") == "workflow p/child goes on again"

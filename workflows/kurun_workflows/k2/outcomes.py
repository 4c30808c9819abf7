"""What came of a K2 workflow that a KuFlow process started."""

from enum import StrEnum
from typing import Any

from pydantic import Field
from temporalio.exceptions import ApplicationError

from kurun_clients.kuflow.models.base import Resource

APPROVAL_TIMEOUT = "K2Approvals.Timeout"
APPROVAL_FAILED = "K2Approvals.Failed"


class OutcomeFrom(StrEnum):
    """Where the outcome of a K2 workflow is seen."""

    TASK = "task"
    """In a task that the K2 workflow gives to this account at its end; the watcher sees it."""

    INSTANCE = "instance"
    """In the instance itself, which the K2 Services are asked for again and again."""


class K2Outcome(Resource):
    """How a K2 workflow ended.

    Attributes:
        business_key: The key in its folio.
        instance_id: The K2 workflow instance.
        serial_number: The task that brought the outcome.
        action: What that task was acknowledged with; absent if somebody else did it.
        status: The instance's, where that was asked for: ``Completed``, ``Stopped``, ``Error`` or ``Deleted``.
        data_fields: The workflow's data fields, the decision among them.
    """

    business_key: str
    instance_id: int
    folio: str | None = None
    serial_number: str | None = None
    action: str | None = None
    status: str | None = None
    data_fields: dict[str, Any] = Field(default_factory=dict)


class K2ApprovalTimeout(ApplicationError):  # noqa: N818 - says what happened
    """The K2 workflow did not come to its outcome in the time it was given. It goes on in K2."""

    def __init__(self, business_key: str) -> None:
        super().__init__(f"no outcome of {business_key} from K2 in time", type=APPROVAL_TIMEOUT, non_retryable=True)


class K2ApprovalFailed(ApplicationError):  # noqa: N818 - says what happened
    """The K2 workflow cannot be brought to its end from here; the message says why."""

    def __init__(self, message: str) -> None:
        super().__init__(message, type=APPROVAL_FAILED, non_retryable=True)

"""What can go wrong with a process item, as failures that end a workflow unless it catches them.

::

    ApplicationError (temporalio)
    ├── ProcessItemError
    │   ├── ProcessItemCancelled
    │   └── ProcessItemTimeout
    └── InvalidDataError (kurun_activities)
        └── InvalidData

They are failures in Temporal's sense: left alone they fail the workflow, where another exception would make the worker
repeat the workflow task for ever.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from temporalio.exceptions import ApplicationError

from kurun_activities.failure_types import InvalidDataError
from kurun_clients.kuflow.models import JsonValueError

ITEM_CANCELLED: Final = "KuFlowProcess.ProcessItemCancelled"
ITEM_TIMEOUT: Final = "KuFlowProcess.ProcessItemTimeout"


class ProcessItemError(ApplicationError):
    """A process item did not come to the end that the workflow waited for."""

    def __init__(self, message: str, item_id: UUID, failure_type: str) -> None:
        super().__init__(message, str(item_id), type=failure_type, non_retryable=True)
        self.item_id = item_id


class ProcessItemCancelled(ProcessItemError):  # noqa: N818 - says what happened
    """The item that the workflow waited for was cancelled."""

    def __init__(self, item_id: UUID) -> None:
        super().__init__(f"process item {item_id} was cancelled", item_id, ITEM_CANCELLED)


class ProcessItemTimeout(ProcessItemError):  # noqa: N818
    """The item was not completed in the time that the workflow gave it. It stays open: waiting again is possible."""

    def __init__(self, item_id: UUID, after: timedelta) -> None:
        super().__init__(f"process item {item_id} was not completed within {after}", item_id, ITEM_TIMEOUT)


class InvalidData(InvalidDataError):  # noqa: N818
    """Data does not have the shape that its definition, or the workflow's own model, asks for.

    Attributes:
        item_id: The process item, or the process, that the data belongs to.
        errors: The places and the rules they break, never the values.
    """

    def __init__(self, item_id: UUID, errors: Sequence[JsonValueError]) -> None:
        super().__init__(errors)
        self.item_id = item_id
        self.errors = tuple(errors)

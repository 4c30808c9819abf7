"""AI assistance: a model's run over a process item."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from kurun_clients.kuflow.models.base import Growing, Moment, Params, Resource


class ProcessItemAiAssistanceState(StrEnum):
    """How far a run is."""

    PENDING = "PENDING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


class ProcessItemAiAssistance(Resource):
    """The latest run of an item.

    Attributes:
        request_id: The caller's name for the run.
        embedding_pending: Documents that wait to be indexed before the run can begin.
        embedding_processing: Documents that are being indexed.
        retry_after_seconds: When to look again.
        finish_reason: Why the model stopped.
        error_code: What went wrong, if it failed; ``error_message`` says it for a person.
    """

    request_id: UUID
    state: Annotated[ProcessItemAiAssistanceState, Growing]
    embedding_pending: int | None = None
    embedding_processing: int | None = None
    retry_after_seconds: int | None = None
    model: str | None = None
    finish_reason: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    started_at: Moment
    finished_at: Moment | None = None


class ProcessItemAiAssistanceGenerateParams(Params):
    """Ask for a run. The same ``request_id`` again only looks at the run it began."""

    request_id: UUID

"""The failure types that activities report to workflows; safe to import in a workflow.

The first three are KuFlow's own, known to the workflows of every SDK. The others are ours.
"""

from collections.abc import Sequence
from typing import Final

from temporalio.exceptions import ApplicationError

from kurun_clients.kuflow.models import JsonValueError

FAILURE: Final = "KuFlowActivities.Failure"
"""Something unexpected went wrong in an activity; it is tried again."""

REST_FAILURE: Final = "KuFlowActivities.RestFailure"
"""KuFlow refused a call or could not be reached; the detail is its ``DefaultError`` when there is one."""

VALIDATION_FAILURE: Final = "KuFlowActivities.ValidationFailure"
"""The request of an activity is wrong; repeating it cannot help."""

UNKNOWN_OUTCOME: Final = "KuFlowActivities.UnknownOutcome"
"""Whether an earlier attempt took effect cannot be known, and repeating it could do it twice. A person has to look."""

INVALID_DATA: Final = "KuFlowActivities.InvalidData"
"""KuFlow saved a value and flagged it invalid; the details are its errors."""


class InvalidDataError(ApplicationError):
    """KuFlow saved a value but flagged it as breaking its JSON Schema."""

    def __init__(self, errors: Sequence[JsonValueError]) -> None:
        reasons = "; ".join(f"{error.property_path or '/'}: {error.type or 'INVALID'}" for error in errors)
        super().__init__(
            f"KuFlow flagged the saved data as invalid: {reasons or 'no reason given'}",
            *(error.to_wire() for error in errors),
            type=INVALID_DATA,
            non_retryable=True,
        )

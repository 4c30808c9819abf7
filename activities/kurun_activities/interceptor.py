"""The edge of every activity: what comes in is checked, what goes wrong is translated, once."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError
from temporalio.exceptions import FailureError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from kurun_activities import context
from kurun_activities.context import ActivityContext
from kurun_activities.failures import rest_failure, unexpected, validation_failure
from kurun_activities.models import ActivityRequest, InvalidActivityRequest
from kurun_activities.registry import is_kuflow_activity
from kurun_clients.http import ApiError


class KuFlowActivityInterceptor(Interceptor):
    """Gives activities their context and turns API errors into failures that a workflow understands.

    It serves custom activities too: they find their clients in :func:`kurun_activities.context.current`, and the API
    errors that they let pass are translated alike. Their own exceptions stay Temporal's business.

    Args:
        activity_context: What :func:`kurun_activities.context.current` answers with.

    Attributes:
        context: The same; another one holds for the activities that begin from then on.
    """

    def __init__(self, activity_context: ActivityContext) -> None:
        self.context = activity_context

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - Temporal's
        """See base class."""
        # Asked for each activity, as limits may change while the worker runs.
        return _Inbound(next, self.context)


class _Inbound(ActivityInboundInterceptor):
    def __init__(self, following: ActivityInboundInterceptor, activity_context: ActivityContext) -> None:
        super().__init__(following)
        self._context = activity_context

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - Temporal's
        ours = is_kuflow_activity(input.fn)
        with context.use(self._context), translated(all_errors=ours):
            refuse_invalid(input.args, ours=ours)
            return await super().execute_activity(input)


def refuse_invalid(arguments: Sequence[Any], *, ours: bool) -> None:
    """Refuse arguments that could not be decoded.

    Args:
        arguments: As the payload converter made them.
        ours: Whether the activity is KuFlow's, which takes exactly one request.

    Raises:
        ApplicationError: A validation failure.
    """
    for argument in arguments:
        if isinstance(argument, InvalidActivityRequest):
            raise validation_failure(argument.describe())
    if ours and (len(arguments) != 1 or not isinstance(arguments[0], ActivityRequest)):
        kinds = ", ".join(type(argument).__name__ for argument in arguments) or "nothing"
        raise validation_failure(f"the activity takes one request, not {kinds}")


@contextmanager
def translated(*, all_errors: bool) -> Iterator[None]:
    """Raise failures in place of errors.

    Failures made on purpose pass unchanged, and so does a cancellation.

    Args:
        all_errors: Translate unexpected exceptions too, not API errors alone.
    """
    try:
        yield
    except FailureError:
        raise
    except ApiError as error:
        raise rest_failure(error) from error
    except Exception as error:
        if not all_errors:
            raise
        # As a cause, a validation error would carry the values it quotes into the history.
        raise unexpected(error) from (None if isinstance(error, ValidationError) else error)

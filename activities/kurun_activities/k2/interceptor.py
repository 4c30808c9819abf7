"""The edge of K2's activities: they get their clients, and what goes wrong is translated once."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError
from temporalio.exceptions import FailureError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from kurun_activities.failures import unexpected
from kurun_activities.interceptor import refuse_invalid
from kurun_activities.k2 import context
from kurun_activities.k2.context import K2Clients
from kurun_activities.k2.failures import k2_failure, not_sent
from kurun_activities.k2.registry import is_k2_activity
from kurun_clients.http import ApiError, InvalidRequest
from kurun_clients.k2.errors import K2Error


class K2ActivityInterceptor(Interceptor):
    """Gives activities their K2 clients and turns K2's errors into failures that a workflow understands.

    It belongs inside of :class:`~kurun_activities.interceptor.KuFlowActivityInterceptor`: after it in the list. It
    serves custom activities too; whether those look before they act again is not known, so an unknown outcome ends
    them.

    Args:
        clients: What :func:`kurun_activities.k2.context.current` answers with.
    """

    def __init__(self, clients: K2Clients) -> None:
        self._clients = clients

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - Temporal's
        """See base class."""
        return _Inbound(next, self._clients)


class _Inbound(ActivityInboundInterceptor):
    def __init__(self, following: ActivityInboundInterceptor, clients: K2Clients) -> None:
        super().__init__(following)
        self._clients = clients

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - Temporal's
        ours = is_k2_activity(input.fn)
        with context.use(self._clients), translated(ours=ours):
            refuse_invalid(input.args, ours=ours)
            return await super().execute_activity(input)


@contextmanager
def translated(*, ours: bool) -> Iterator[None]:
    """Raise failures in place of K2's errors; everything else passes, unless the activity is one of K2's own."""
    try:
        yield
    except FailureError:
        raise
    except K2Error as error:
        raise k2_failure(error, looks_first=ours) from error
    except InvalidRequest as error:
        raise not_sent(error) from error
    except ApiError:
        raise  # KuFlow's, which the interceptor around this one translates
    except Exception as error:
        if not ours:
            raise
        # As a cause, a validation error would carry the values it quotes into the history.
        raise unexpected(error) from (None if isinstance(error, ValidationError) else error)

"""The one policy of repeating inside a client: short, and never where something could be done twice.

Long waiting is Temporal's, which survives this process.
"""

import random
from dataclasses import dataclass

from kurun_clients.http.errors import (
    ApiError,
    ConnectError,
    ConnectionLost,
    RequestTimeout,
    ServerError,
    StatusError,
)

_PASSING = frozenset({502, 503, 504})
_DID_NOT_ACT = frozenset({429, 503})


@dataclass(frozen=True)
class RetryPolicy:
    """When a call is repeated at once.

    Attributes:
        repeats: Repeats after the first attempt, at most.
        longest_retry_after: Seconds of ``Retry-After`` that are waited out here; a longer wait is the caller's.
        budget: Seconds after the first attempt began in which a repeat may begin.
        first_pause: Seconds before the first repeat; doubled for each further one.
        longest_pause: Seconds at which the doubling ends.
    """

    repeats: int = 2
    longest_retry_after: float = 2.0
    budget: float = 10.0
    first_pause: float = 0.1
    longest_pause: float = 1.0

    def pause(self, error: ApiError, *, repeated: int, elapsed: float, idempotent: bool) -> float | None:
        """Seconds to wait before the call is repeated, or ``None`` if it is not.

        Args:
            error: How the last attempt ended.
            repeated: Repeats so far.
            elapsed: Seconds since the first attempt began.
            idempotent: Whether the call may reach the server twice.
        """
        if repeated >= self.repeats:
            return None
        pause = self._asked(error)
        if pause is None and self._worth_repeating(error, idempotent=idempotent):
            pause = min(self.longest_pause, self.first_pause * 2**repeated) * random.uniform(0.5, 1.0)  # noqa: S311
        return pause if pause is not None and elapsed + pause <= self.budget else None

    def _asked(self, error: ApiError) -> float | None:
        """What the server asks for in place of acting, with some jitter on top."""
        if not isinstance(error, StatusError) or error.status not in _DID_NOT_ACT or error.retry_after is None:
            return None
        seconds = error.retry_after.total_seconds()
        return seconds + random.uniform(0, 0.1) if seconds <= self.longest_retry_after else None  # noqa: S311

    @staticmethod
    def _worth_repeating(error: ApiError, *, idempotent: bool) -> bool:
        match error:
            case ConnectError():
                return True
            case RequestTimeout():
                return error.phase == "connect" or (idempotent and error.maybe_sent)
            case ConnectionLost():
                return idempotent
            case ServerError():
                return idempotent and error.status in _PASSING and error.retry_after is None
            case _:
                return False

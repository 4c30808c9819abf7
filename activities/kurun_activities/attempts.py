"""Which activity this is, and whether an earlier attempt of it may have taken effect."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Final, TypeVar
from uuid import UUID, uuid5

from temporalio import activity

from kurun_clients.http import (
    ApiError,
    BadRequest,
    Conflict,
    Forbidden,
    InvalidRequest,
    NotFound,
    StatusError,
    TransportError,
)
from kurun_clients.kuflow.models import Deletable

Result = TypeVar("Result")

_DERIVED_IDS: Final = UUID("6f1f6a3e-58f5-4d0b-9a52-0f7f3c1f2a61")
_MARK: Final = "untouchedByAttempt"
_RESET_TOLERANCE: Final = timedelta(seconds=1)


def identity() -> str:
    """What stays the same in all attempts of an activity and differs between any two activities."""
    info = activity.info()
    run = info.workflow_run_id or info.activity_run_id or ""
    return "/".join((info.namespace, info.workflow_id or "", run, info.activity_id))


def derived_id() -> UUID:
    """An id for the resource that this activity creates: every attempt gets the same one."""
    return uuid5(_DERIVED_IDS, identity())


def may_have_acted() -> bool:
    """Whether an earlier attempt may have taken effect.

    Not so in the first attempt, nor when the attempt before noted that KuFlow refused it (see :func:`noted`). An
    activity that an operator reset starts counting at 1 again, but later than it was scheduled.
    """
    info = activity.info()
    if info.is_local:
        return True  # a local activity starts at 1 again on another worker
    if info.attempt == 1:
        return info.current_attempt_scheduled_time - info.scheduled_time > _RESET_TOLERANCE
    mark = info.heartbeat_details[0] if info.heartbeat_details else None
    return not (isinstance(mark, dict) and mark.get(_MARK) == info.attempt - 1)


def changed_nothing(error: ApiError) -> bool:
    """Whether KuFlow certainly did not do what was asked."""
    match error:
        case StatusError():
            return 400 <= error.status < 500 and error.status != 408
        case TransportError():
            return not error.maybe_sent
        case _:
            return isinstance(error, InvalidRequest)


@contextmanager
def noted(untouched: Callable[[ApiError], bool] = changed_nothing) -> Iterator[bool]:
    """Note for the next attempt when this one certainly changed nothing.

    Then a call that cannot be repeated blindly is still repeated after KuFlow said 429. The note travels in the
    heartbeat details, which Temporal keeps with the failed attempt; a lost note only costs the certainty.

    Args:
        untouched: Whether an error proves that nothing was changed.

    Yields:
        Whether an earlier attempt may have taken effect.
    """
    earlier = may_have_acted()
    try:
        yield earlier
    except ApiError as error:
        if not earlier and untouched(error):
            activity.heartbeat({_MARK: activity.info().attempt})
        raise


async def unless_done(
    act: Callable[[], Awaitable[Result]],
    read: Callable[[], Awaitable[Result]],
    done: Callable[[Result], bool],
    *,
    by_anyone: bool = False,
) -> Result:
    """Act; if that is refused, look whether an earlier attempt had already done it.

    Args:
        act: The call.
        read: Reads the resource.
        done: Whether the resource is as the call leaves it.
        by_anyone: Be content with it in the first attempt too, whoever did it.
    """
    try:
        return await act()
    except (BadRequest, Forbidden, Conflict):
        if not (by_anyone or may_have_acted()):
            raise
        found = await read()
        if not done(found):
            raise
        return found


async def until_gone(read: Callable[[], Awaitable[Deletable]], delete: Callable[[], Awaitable[None]]) -> None:
    """Delete, and be content with what is gone already, whoever deleted it.

    KuFlow may mark a deleted resource or answer that there is none. The latter is done only after an attempt that may
    have deleted it, or when it was read just before; otherwise the id is wrong.

    Args:
        read: Reads the resource.
        delete: The call.
    """
    with noted() as earlier:
        try:
            found = await read()
        except NotFound:
            if not earlier:
                raise
            return
        if found.deleted_at is None:
            with suppress(NotFound):
                await delete()

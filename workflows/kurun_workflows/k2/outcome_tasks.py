"""Which outcome tasks the watcher has told a workflow of."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from pydantic import ValidationError
from temporalio import workflow
from temporalio.exceptions import ApplicationError

from kurun_activities.k2.watch_models import OUTCOME_TASK, OutcomeTask

MOST: Final = 1000
"""Tasks that are kept; the oldest goes. The watcher names again what is still listed."""

Fits = Callable[[OutcomeTask], bool]


def is_of(wanted: str | None, activity: str | None) -> bool:
    """Whether a task of this step can be the outcome; so it can where its step is not known (``None``) yet."""
    return wanted is None or activity is None or wanted.casefold() == activity.casefold()


class OutcomeTasks:
    """Takes the watcher's signals, once for each task, also those that come before anybody waits for them."""

    def __init__(self) -> None:
        self._tasks: dict[str, OutcomeTask] = {}
        if workflow.get_signal_handler(OUTCOME_TASK) is not None:
            # Temporal would let the later handler silence the earlier one, which then waits for ever.
            raise ApplicationError(
                f"the workflow handles {OUTCOME_TASK} already: make one K2Approvals in it", non_retryable=True
            )
        workflow.set_signal_handler(OUTCOME_TASK, self._receive)

    async def take(self, fits: Fits, within: timedelta | None) -> OutcomeTask | None:
        """Wait for a task that fits; ``None`` if the time ran out first."""
        try:
            await workflow.wait_condition(lambda: self._first(fits) is not None, timeout=within)
        except TimeoutError:
            return None
        found = self._first(fits)
        return self._tasks.pop(found.serial_number) if found is not None else None

    def _first(self, fits: Fits) -> OutcomeTask | None:
        return next((task for task in self._tasks.values() if fits(task)), None)

    # Any arguments: a signal of another shape must neither fail the workflow task nor stop the workflow.
    def _receive(self, *arguments: Any) -> None:
        try:
            task = OutcomeTask.model_validate(arguments[0] if arguments else None)
        except ValidationError:
            workflow.logger.warning("ignored a K2 outcome task signal of an unknown shape")
            return
        self._tasks[task.serial_number] = task
        if len(self._tasks) > MOST:
            del self._tasks[next(iter(self._tasks))]

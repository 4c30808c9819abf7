"""A workflow that tells which version of its worker served it."""

from datetime import timedelta
from typing import Any

from temporalio import activity, workflow


@activity.defn
async def stamp() -> str:
    """Something that a worker of the same version has to do."""
    return "stamped"


@workflow.defn
class VersionedWorkflow:
    """Begins, waits for the word, does an activity and ends."""

    def __init__(self) -> None:
        self._told = False
        self._begun_on: str | None = None

    @workflow.run
    async def run(self, request: dict[str, Any]) -> list[str | None]:
        """The versions on which it began and ended."""
        self._begun_on = _version()
        await workflow.wait_condition(lambda: self._told)
        await workflow.execute_activity(stamp, start_to_close_timeout=timedelta(seconds=10))
        return [self._begun_on, _version()]

    @workflow.signal
    def proceed(self) -> None:
        """The word."""
        self._told = True

    @workflow.query
    def begun_on(self) -> str | None:
        """The version on which it began, if it did."""
        return self._begun_on


def _version() -> str | None:
    version = workflow.info().get_current_deployment_version()
    return None if version is None else version.to_canonical_string()

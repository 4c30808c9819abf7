"""The workflow that keeps a K2 account watched."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from kurun_activities.k2.watch_models import WATCH_TASKS, WatchRequest, WatchResponse

TURN = timedelta(hours=1)
SILENCE = timedelta(seconds=30)
_RETRIES = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))


@workflow.defn
class K2WatchWorkflow:
    """Runs the watcher of one account, turn after turn, for ever; no process of KuFlow.

    One for each account: its id is :func:`watch_workflow_id`. If its worker is lost another one goes on. To stop it for
    good, take ``k2.watch`` from the settings of the account's workers, restart them, and terminate the workflow
    ``kurun-k2-watch-<account>``: a worker that has the setting would start it again.
    """

    @workflow.run
    async def run(self, request: WatchRequest) -> None:
        """Watch for a turn, then begin anew, so that the history stays short."""
        turn = await workflow.execute_activity(
            WATCH_TASKS,
            request,
            result_type=WatchResponse,
            start_to_close_timeout=TURN,
            heartbeat_timeout=SILENCE,
            retry_policy=_RETRIES,
        )
        workflow.continue_as_new(request.model_copy(update={"announced": turn.announced}))


def watch_workflow_id(account: str) -> str:
    """The one id of an account's watcher."""
    return f"kurun-k2-watch-{account}"

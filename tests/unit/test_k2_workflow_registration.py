"""Which workflows a worker serves that K2 is configured for."""

from contextlib import aclosing
from uuid import uuid4

import pytest
from temporalio import workflow
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from kurun_activities.k2.context import K2Clients, use
from kurun_activities.k2.watch import watch_tasks
from kurun_activities.k2.watch_models import WATCH_TASKS, WatchRequest
from kurun_config import ConfigurationError, K2Settings
from kurun_worker.definitions import names_of_activities, names_of_workflows
from kurun_worker.k2 import K2Part
from kurun_worker.k2_watch import with_k2_workflows


@workflow.defn(name="K2ApprovalWorkflow")
class OwnApprovalWorkflow:
    """The caller's own way to ask K2."""

    @workflow.run
    async def run(self) -> None:
        """Nothing."""


def test_k2s_workflows_come_beside_the_callers() -> None:
    """The three workflows of the bridge are served; one of the caller's under the same name takes its place."""
    alone, beside = with_k2_workflows(None, watch=True), with_k2_workflows([OwnApprovalWorkflow], watch=True)

    assert names_of_workflows(list(alone)) == ["K2ApprovalWorkflow", "K2TaskMirrorWorkflow", "K2WatchWorkflow"]
    assert names_of_workflows(list(beside)) == names_of_workflows(list(alone))
    assert OwnApprovalWorkflow in beside


def test_a_watcher_without_an_address_is_refused() -> None:
    """Settings that want an account watched and do not say where would do nothing in silence."""
    with pytest.raises(ConfigurationError, match="KURUN_K2_ENDPOINT"):
        K2Part.of(K2Settings(watch=True))


@pytest.mark.parametrize("watch", [True, False])
async def test_only_a_worker_that_watches_serves_the_watcher(watch: bool) -> None:
    """A worker of the same queue whose settings do not want it cannot be given the watcher, nor hold it."""
    settings = {"endpoint": "https://k2.example.com/api/workflow/v1", "user": "svc", "password": "p", "watch": watch}
    part = K2Part.of(K2Settings.model_validate(settings))

    assert part is not None
    async with aclosing(part):
        assert watch == ("K2WatchWorkflow" in names_of_workflows(list(part.with_workflows(None))))
        assert watch == (WATCH_TASKS in names_of_activities(list(part.with_activities([]))))
        assert "K2TaskMirrorWorkflow" in names_of_workflows(list(part.with_workflows(None)))


async def test_a_worker_that_does_not_watch_refuses_the_watcher() -> None:
    """Registered by hand all the same, the activity fails so that another worker may take it, and says why."""
    with (
        use(K2Clients(None, None, K2Settings(watch=False))),
        pytest.raises(ApplicationError, match=r"k2\.watch") as caught,
    ):
        await ActivityEnvironment().run(watch_tasks, WatchRequest(account="k2"))

    assert not caught.value.non_retryable


def test_mirroring_without_watching_is_refused() -> None:
    """A definition to mirror with does nothing in silence while nobody watches: both settings are named."""
    with pytest.raises(ConfigurationError, match=r"k2\.mirror_process_definition_id.*k2\.watch"):
        K2Part.of(K2Settings(mirror_process_definition_id=uuid4()))

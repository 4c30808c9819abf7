"""Which workflows a worker serves that K2 is configured for."""

import pytest
from temporalio import workflow

from kurun_config import ConfigurationError, K2Settings
from kurun_worker.definitions import names_of_workflows
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
    alone, beside = with_k2_workflows(None), with_k2_workflows([OwnApprovalWorkflow])

    assert names_of_workflows(list(alone)) == ["K2ApprovalWorkflow", "K2TaskMirrorWorkflow", "K2WatchWorkflow"]
    assert names_of_workflows(list(beside)) == names_of_workflows(list(alone))
    assert OwnApprovalWorkflow in beside


def test_a_watcher_without_an_address_is_refused() -> None:
    """Settings that want an account watched and do not say where would do nothing in silence."""
    with pytest.raises(ConfigurationError, match="KURUN_K2_ENDPOINT"):
        K2Part.of(K2Settings(watch=True))

"""Histories that workflows have made once must be replayed by the code of today, or running processes would break."""

import asyncio
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from kurun_examples.loan.workflow import LoanWorkflow
from kurun_worker.converter import kuflow_data_converter
from kurun_worker.k2_watch import WORKFLOWS
from kurun_worker.sandbox import workflow_runner
from tests.integration.process_workflows import ALL

HISTORIES = sorted((Path(__file__).parents[1] / "histories").glob("*.json"))


@pytest.mark.parametrize("file", HISTORIES, ids=lambda file: file.stem)
async def test_a_recorded_history_is_replayed(file: Path) -> None:
    """The commands are those of the recording; `python -m tests.histories.record` makes a new one on purpose."""
    replayer = Replayer(
        workflows=[LoanWorkflow, *ALL, *WORKFLOWS],
        data_converter=kuflow_data_converter,
        workflow_runner=workflow_runner(None, sandbox=True),
    )
    history = await asyncio.to_thread(file.read_text)
    result = await replayer.replay_workflow(WorkflowHistory.from_json(file.stem, history))

    assert result.replay_failure is None


def test_there_are_histories() -> None:
    """The loan in both its ways, a wait that runs out, a run that continues another, and K2's three workflows."""
    kuflow, k2 = {"endless", "loan", "patient"}, {"loan_k2", "k2_approval", "k2_mirror", "k2_watch"}
    assert {file.stem for file in HISTORIES} == kuflow | k2

"""Histories that workflows have made once must be replayed by the code of today, or running processes would break."""

from pathlib import Path

import pytest

from kurun_examples.loan.workflow import LoanWorkflow
from kurun_worker.converter import kuflow_data_converter
from kurun_worker.k2_watch import WORKFLOWS
from kurun_worker.replaying import Rehearsal, read_files
from tests.integration.process_workflows import ALL

HISTORIES = sorted((Path(__file__).parents[1] / "histories").glob("*.json"))
CHANGED = {"k2_watch": ("activity 1 K2_watchTasks: announced",)}
"""Inputs that differ on purpose: the request has gained a field since."""


@pytest.mark.parametrize("file", HISTORIES, ids=lambda file: file.stem)
async def test_a_recorded_history_is_replayed(file: Path) -> None:
    """Commands and inputs are those of the recording; `python -m tests.histories.record` makes a new one on purpose."""
    rehearsal = Rehearsal([LoanWorkflow, *ALL, *WORKFLOWS], data_converter=kuflow_data_converter)
    (verdict,) = [each async for each in rehearsal.replay(read_files([file]))]

    assert (verdict.broken, verdict.changed) == (None, CHANGED.get(file.stem, ()))


def test_there_are_histories() -> None:
    """The loan in both its ways, a wait that runs out, a run that continues another, and K2's three workflows."""
    kuflow, k2 = {"endless", "loan", "patient"}, {"loan_k2", "k2_approval", "k2_mirror", "k2_watch"}
    assert {file.stem for file in HISTORIES} == kuflow | k2

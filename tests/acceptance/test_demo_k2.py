"""``kurun demo --k2`` as a process: loans above the limit are approved in K2."""

import json
from pathlib import Path
from typing import Any

from tests.acceptance.test_demo import ROWS, applications, demo, files


async def test_loans_above_the_limit_are_decided_in_k2(tmp_path: Path) -> None:
    """Each is one K2 instance, both its tasks are acted on once, and the decision is in the process."""
    rows, figures = applications(tmp_path, *ROWS), tmp_path / "figures.json"
    arguments = ("--applications", str(rows), "--json", str(figures), "--token-life", "4")
    code, out, err = await demo(tmp_path, "--k2", *arguments)
    found: dict[str, Any] = json.loads(figures.read_text())

    assert (code, err) == (0, "")
    assert "line 3 (Bob): the approver chooses Decline in K2" in out
    assert "line 4 (Eve): the approver chooses Approve in K2" in out
    assert "K2 instances 2, completed 2, tasks 4, actions on them 4" in out
    assert "3 of 3 applications reached" in out
    assert found["k2"] == {"instances": 2, "completed": 2, "tasks": 4, "actions": 4}
    assert found["items"] == 11  # as without K2: per process a form, a decision and a message; two approvals
    assert found["log_lines"] == 10  # as without K2, and two on each approval
    assert files(tmp_path) == {"applications.csv", "figures.json"}

"""Reads the process and its statement, writes the summary into the output folder."""

import logging
import os
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

from statement_summary.kuflow import fields_of_reference, get, get_json
from statement_summary.problems import RobotProblem
from statement_summary.statement import months_of
from statement_summary.summary import Summary

FORM = "LOAN_APPLICATION"
RESULT = "affordability.xlsx"

log = logging.getLogger("statement_summary")


def main() -> int:
    """The exit code."""
    # A line that begins with its level gets that level in the task's log.
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stdout)
    try:
        summarise(process_of_run(), Path(os.environ["KUFLOW_EXECUTION_OUTDIR"]))
    except RobotProblem as problem:
        log.error("%s", problem)  # noqa: TRY400 - no programmer reads it
        return 1
    return 0


def process_of_run() -> str:
    """Id of the process that the robot runs for.

    Raises:
        RobotProblem: It runs by hand and for no task.
    """
    process_id = os.environ.get("KUFLOW_PROCESS_ID")
    if not process_id:
        raise RobotProblem("the robot runs for no task: name one with --task")
    return process_id


def summarise(process_id: str, folder: Path) -> None:
    """Do it all.

    Raises:
        RobotProblem: It cannot be done.
    """
    applicant = (get_json(f"/processes/{process_id}").get("metadata") or {}).get("value", {}).get("applicant")
    form = form_of(process_id)
    reference = form.get("attachment")
    if not reference:
        raise RobotProblem(f"{applicant} attached no statement")
    document = fields_of_reference(reference)
    log.info("reading %s of %s, %s bytes", document["name"], applicant, document["size"])
    months = months_of(get(f"/processes/{process_id}/~actions/download-document", documentUri=document["uri"]))
    summary = Summary(applicant, Decimal(str(form["amount"])), form["currency"], months)
    summary.save(folder / RESULT)
    log.info("%d months, %s EUR left a month", len(months), summary.left)
    if summary.months_to_pay is None:
        log.warning("the loan cannot be paid back from what is left")


def form_of(process_id: str) -> dict[str, Any]:
    """What the applicant filled in.

    Raises:
        RobotProblem: There is no form in the process, or nothing in it.
    """
    items = get_json("/process-items", processId=process_id, processItemDefinitionCode=FORM)["content"]
    if not items:
        raise RobotProblem(f"the process has no {FORM}")
    task = get_json(f"/process-items/{items[0]['id']}")["task"]
    value: dict[str, Any] = (task.get("data") or {}).get("value") or {}
    if not value:
        raise RobotProblem(f"{FORM} is not filled in")
    return value


if __name__ == "__main__":
    sys.exit(main())

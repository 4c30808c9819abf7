"""What ``kurun check`` verifies: the settings, and everything outside that a worker with them depends on.

Nothing is registered or changed. One module for each subject; each check gives one line.
"""

from kurun_worker.doctor.checks import Check, examine
from kurun_worker.doctor.report import Fault, Finding, Outcome, Verdict, as_document, as_line, exit_code, summary

__all__ = [
    "Check",
    "Fault",
    "Finding",
    "Outcome",
    "Verdict",
    "as_document",
    "as_line",
    "examine",
    "exit_code",
    "summary",
]

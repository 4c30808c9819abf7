"""One loan application on its way through the demo."""

import hashlib
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from kurun_examples.demo.applications import Application


@dataclass
class Case:
    """What the demo knows of one process.

    Attributes:
        application: The row it comes from.
        process_id: Chosen here, so that creating it twice makes one process.
        step: What happened last, in words.
        ended: State of the process once it is over.
        problems: What was not as it should be.
        attachment_sha256: Digest of what the person attached.
    """

    application: Application
    process_id: UUID = field(default_factory=uuid4)
    step: str = "waiting"
    started: bool = False
    ended: str | None = None
    problems: list[str] = field(default_factory=list)
    attachment_sha256: str | None = None

    @property
    def reached(self) -> bool:
        """Whether it ended as its row expects."""
        return self.ended is not None and not self.problems

    @property
    def row(self) -> str:
        """How messages name it."""
        return f"line {self.application.line} ({self.application.applicant})"

    def attachment(self) -> bytes:
        """The attachment's bytes, the same for the same row."""
        content = random.Random(self.application.line).randbytes(self.application.attachment)  # noqa: S311 - no secret
        self.attachment_sha256 = hashlib.sha256(content).hexdigest()
        return content


class Cases:
    """All cases, with a listener that hears of every step."""

    def __init__(self, applications: list[Application], listener: Callable[[Case], None]) -> None:
        self.all = [Case(application) for application in applications]
        self._by_process = {case.process_id: case for case in self.all}
        self._listener = listener
        self.last_change = time.monotonic()

    def of_process(self, process_id: UUID) -> Case | None:
        """The case of a process, if it is one of ours."""
        return self._by_process.get(process_id)

    def running(self) -> list[Case]:
        """Those whose process is started and not over."""
        return [case for case in self.all if case.started and case.ended is None]

    def done(self) -> bool:
        """Whether every process is over."""
        return all(case.ended is not None for case in self.all)

    def report(self, case: Case, step: str) -> None:
        """Note what happened."""
        case.step = step
        self.last_change = time.monotonic()
        self._listener(case)

"""What the twin counts, for tests and reports."""

import threading
from collections import Counter
from typing import Any

_MAX_REASONS = 100
_MAX_STUCK = 100


class Figures:
    """Counters since the twin's start. Counting is cheap and safe from every thread.

    Attributes:
        counts: Events by name: ``registrations``, ``engine_tokens``, ``processes``, ``items_completed``, …
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._statuses: dict[str, Counter[int]] = {}
        self._dropped: Counter[str] = Counter()
        self._now: Counter[str] = Counter()
        self._most: Counter[str] = Counter()
        self._engine_calls: Counter[str] = Counter()
        self._engine_refusals: dict[str, Counter[str]] = {}
        self._least_token_left: float | None = None
        self._encryption_failures: Counter[str] = Counter()
        self._stuck: dict[str, str] = {}

    def count(self, name: str, by: int = 1) -> None:
        """Count an event."""
        with self._lock:
            self.counts[name] += by

    def request_started(self, operation: str) -> None:
        """A request of this operation is under way."""
        with self._lock:
            for name in ("", operation):
                self._now[name] += 1
                self._most[name] = max(self._most[name], self._now[name])

    def request_ended(self, operation: str, status: int | None) -> None:
        """It was answered; ``None``: its connection was closed without an answer."""
        with self._lock:
            for name in ("", operation):
                self._now[name] -= 1
            if status is None:
                self._dropped[operation] += 1
            else:
                self._statuses.setdefault(operation, Counter())[status] += 1

    def engine_call(self, method: str, token_left: float) -> None:
        """The gateway let a call through; its token is good for ``token_left`` more seconds."""
        with self._lock:
            self._engine_calls[method] += 1
            least = self._least_token_left
            self._least_token_left = token_left if least is None else min(least, token_left)

    def engine_refusal(self, method: str, reason: str) -> None:
        """The gateway answered UNAUTHENTICATED."""
        with self._lock:
            self._engine_refusals.setdefault(method, Counter())[reason] += 1

    def workflow_stuck(self, workflow_id: str, reason: str) -> None:
        """A workflow cannot go on, as its tasks fail; the last ones are shown."""
        with self._lock:
            self._stuck.pop(workflow_id, None)
            while len(self._stuck) >= _MAX_STUCK:
                del self._stuck[next(iter(self._stuck))]
            self._stuck[workflow_id] = reason

    def workflow_not_stuck(self, workflow_id: str) -> None:
        """It goes on, or has ended."""
        with self._lock:
            self._stuck.pop(workflow_id, None)

    def encryption_failure(self, reason: str) -> None:
        """Something could not be encrypted or decrypted; the reason names keys, never contents."""
        with self._lock:
            if reason not in self._encryption_failures and len(self._encryption_failures) >= _MAX_REASONS:
                reason = "other reasons"
            self._encryption_failures[reason] += 1

    def snapshot(self) -> dict[str, Any]:
        """Everything at this moment, ready to be JSON."""
        with self._lock:
            operations = sorted({*self._statuses, *self._dropped})
            return {
                "requests": {
                    "total": sum(sum(each.values()) for each in self._statuses.values()) + self._dropped.total(),
                    "at_once": self._now[""],
                    "most_at_once": self._most[""],
                    "by_operation": {name: self._operation(name) for name in operations},
                },
                "counts": dict(self.counts),
                "engine": {
                    "calls": dict(self._engine_calls),
                    "calls_total": self._engine_calls.total(),
                    "refusals": {method: dict(reasons) for method, reasons in self._engine_refusals.items()},
                    "refusals_total": sum(each.total() for each in self._engine_refusals.values()),
                    "least_token_left": self._least_token_left,
                    "stuck": dict(self._stuck),
                },
                "encryption": {"failures": dict(self._encryption_failures)},
            }

    def _operation(self, name: str) -> dict[str, Any]:
        statuses = self._statuses.get(name, Counter())
        return {
            "total": statuses.total() + self._dropped[name],
            "most_at_once": self._most[name],
            "dropped": self._dropped[name],
            "by_status": {str(status): number for status, number in sorted(statuses.items())},
        }

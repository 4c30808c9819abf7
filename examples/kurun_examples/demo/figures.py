"""The demo's figures: what the twin counted and what the demo itself saw."""

import json
import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from kurun_clients.http import BaseClient
from kurun_clients.kuflow import BasicAuth
from kurun_twin.info import ensure_writable


class K2Figures(BaseModel):
    """What K2's history holds: instances that were started and that ended, tasks, and the actions on them."""

    instances: int
    completed: int
    tasks: int
    actions: int


class DemoFigures(BaseModel):
    """What ``--json`` writes. ``bytes`` is the sum over all documents; ``duration`` is in seconds."""

    processes: int
    completed: int
    reached: int
    items: int
    documents: int
    bytes: int
    log_lines: int
    token_renewals: int
    registrations: int
    refused_polls: int
    duration: float
    k2: K2Figures | None = None

    @staticmethod
    def ensure_writable(file: Path) -> None:
        """Find out before there are any whether they can be written there.

        Raises:
            ConfigurationError: They cannot.
        """
        ensure_writable(file)

    def write(self, file: Path) -> None:
        """Write them as JSON, whole or not at all."""
        unfinished = file.with_name(f".{file.name}.{os.getpid()}")
        unfinished.write_text(json.dumps(self.model_dump(exclude_none=True), indent=2) + "\n")
        unfinished.replace(file)


class EngineFigures(BaseModel):
    """What the engine's gateway refused: for each gRPC method the reasons and how often."""

    refusals: dict[str, dict[str, int]] = {}

    @property
    def refused_polls(self) -> int:
        """Polls for work that were answered UNAUTHENTICATED."""
        return sum(sum(reasons.values()) for method, reasons in self.refusals.items() if "Poll" in method)


class TwinFigures(BaseModel):
    """``GET /_twin/figures``: events by name since the twin's start, and the gateway's figures."""

    counts: dict[str, int] = {}
    engine: EngineFigures = EngineFigures()

    @property
    def token_renewals(self) -> int:
        """Engine tokens after the worker's first."""
        return max(0, self.counts.get("engine_tokens", 0) - 1)


class K2Event(BaseModel):
    """Something that happened in K2; ``what`` is ``started``, ``acted``, ``completed`` and more."""

    instance_id: int
    serial: str | None = None
    what: str
    who: str | None = None
    detail: dict[str, Any] = {}


class K2History(BaseModel):
    """``GET /_twin/k2/history``: a page, and where the next begins."""

    rows: list[K2Event]
    next: int | None = None


class Twin:
    """The twin's own interface, beside the API that it plays."""

    def __init__(self, info: dict[str, Any]) -> None:
        kuflow = info["kuflow"]
        root = str(kuflow["endpoint"]).rsplit("/", 1)[0]
        self._client = BaseClient(root, auth=BasicAuth(kuflow["client_id"], kuflow["client_secret"]))

    async def figures(self) -> TwinFigures:
        """What it has counted up to now."""
        return await self._client.call(TwinFigures, "GET", "/_twin/figures")

    async def k2_history(self) -> list[K2Event]:
        """Everything that happened in K2, oldest first."""
        events: list[K2Event] = []
        after: int | None = 0
        while after is not None:
            query = [("after", str(after))]
            page = await self._client.call(K2History, "GET", "/_twin/k2/history", query=query)
            events += page.rows
            after = page.next
        return events

    async def aclose(self) -> None:
        """Close its connections."""
        await self._client.aclose()

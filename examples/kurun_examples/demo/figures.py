"""The demo's figures: what the twin counted and what the demo itself saw."""

import json
import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from kurun_clients.http import BaseClient
from kurun_clients.kuflow import BasicAuth
from kurun_twin.info import ensure_writable


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
        unfinished.write_text(json.dumps(self.model_dump(), indent=2) + "\n")
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


class Twin:
    """The twin's own interface, beside the API that it plays."""

    def __init__(self, info: dict[str, Any]) -> None:
        kuflow = info["kuflow"]
        root = str(kuflow["endpoint"]).rsplit("/", 1)[0]
        self._client = BaseClient(root, auth=BasicAuth(kuflow["client_id"], kuflow["client_secret"]))

    async def figures(self) -> TwinFigures:
        """What it has counted up to now."""
        return await self._client.call(TwinFigures, "GET", "/_twin/figures")

    async def aclose(self) -> None:
        """Close its connections."""
        await self._client.aclose()

"""Histories as files: the JSON that Temporal's command line and web page write too."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from google.protobuf.json_format import ParseError
from temporalio.client import WorkflowHistory

from kurun_config import ConfigurationError
from kurun_worker.reasons import line
from kurun_worker.replaying.verdicts import Recorded

LARGEST = 256 * 1024**2
"""Bytes of a file. The engine ends a run at 50 MiB of history, and JSON is larger than that."""


async def read_files(places: Sequence[Path]) -> AsyncIterator[Recorded]:
    """Read the histories of files, and of all ``*.json`` in folders, by name.

    Raises:
        ConfigurationError: A place is not there or has no history, or a file is none.
    """
    for place in places:
        for file in await asyncio.to_thread(_files, place):
            yield await asyncio.to_thread(_read, file)


def save(recorded: Recorded, folder: Path) -> Path:
    """Write a history into a folder, for its owner's eyes only: it holds what the process holds.

    Raises:
        ConfigurationError: It cannot be written there.
    """
    safe = re.sub(r"[^\w.-]+", "_", f"{recorded.workflow_type}-{recorded.history.workflow_id}")[:150]
    file = folder / f"{safe}-{recorded.history.run_id}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as target:
            target.write(recorded.history.to_json())
    except OSError as error:
        raise ConfigurationError(f"--save: cannot write into {folder}: {error.strerror or line(error)}") from None
    return file


def _files(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    found = sorted(place.glob("*.json"))
    if not found:
        raise ConfigurationError(f"{place}: {'has no *.json' if place.is_dir() else 'is not there'}")
    return found


def _read(file: Path) -> Recorded:
    try:
        if file.stat().st_size > LARGEST:
            raise ConfigurationError(f"{file}: larger than {LARGEST // 1024**2} MiB, which is no history")
        history = WorkflowHistory.from_json(file.stem, file.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ParseError) as error:
        raise ConfigurationError(f"{file}: cannot be read as a history: {line(error)}") from None
    if not history.events or not history.events[0].HasField("workflow_execution_started_event_attributes"):
        raise ConfigurationError(f"{file}: is no history: its first event is not the start of a workflow")
    started = history.events[0].workflow_execution_started_event_attributes
    named = WorkflowHistory(started.workflow_id or file.stem, history.events)
    return Recorded(named, started.workflow_type.name, str(file), kept=True)

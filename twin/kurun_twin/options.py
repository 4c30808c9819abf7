"""What the twin can be told at its start."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True)
class TwinOptions:
    """The twin's settings. Every point that KuFlow leaves undocumented is a switch here, never a constant.

    Attributes:
        data_dir: Where everything is kept over restarts: database, documents, credentials, certificates, engine.
        definitions: The definitions file; without it any process item code and any task queue is welcome.
        http_port: Port of the KuFlow API; 0 takes a free one.
        engine_port: Port of the engine gateway; 0 takes a free one.
        temporal_port: Port of the Temporal server that the twin starts; 0 takes a free one.
        ui_port: Port of Temporal's web page; 0 takes a free one, ``None`` starts none.
        temporal_address: ``host:port`` of a Temporal server to use instead of starting one.
        namespace: Temporal namespace that holds the workflows.
        token_life: How long an engine token opens the gateway.
        token_grace: How long the gateway takes a token after its end; a worker that asks for the next one only then
            would meet refusals.
        certificate_life: How long an engine certificate is valid.
        delay_window: When workers are told to register again (``x-kf-delay-window``).
        log_cap: Log lines a task keeps; a further one drops the oldest.
        unlinked_document_life: How long a document uploaded to a process waits to be linked before it is deleted.
        temporary_document_life: The same for documents of business artifacts and of ``/documents``.
        sweep_interval: Shortest pause between two searches for such documents; an upload sets one off.
        max_body: Largest JSON body, in bytes.
        max_document: Largest document, in bytes.
        max_definitions: Largest definitions file, in bytes.
        time_zone: Zone named in workflow requests and signals.
        complete_needs_valid_data: Refuse (409) to complete a task whose data breaks its schema.
        completed_tasks_are_fixed: Refuse (409) to change data or owner of a completed task.
        closed_process_status: Status for a change to a process that is completed or cancelled: 409 or 403.
        failed_workflow_cancels_process: A failed or timed-out workflow cancels its process instead of leaving it.
        user_messages_signal: A message or thread that a user writes signals the workflow, as a completed task does.
        actions_need_valid_input: Refuse (400) to start an action whose input breaks its schema; off, flag the input.
        deleted_artifacts_are_readable: Answer with a deleted business artifact by its id; off, 404 until restored.
        ai_assistance_time: How long AI assistance is PENDING.
        reference_on_upload: Answer an upload with the whole ``kuflow-file:`` reference, as KuFlow documents it;
            off, with the bare ``ku:`` address.
    """

    data_dir: Path
    definitions: Path | None = None
    http_port: int = 0
    engine_port: int = 0
    temporal_port: int = 0
    ui_port: int | None = None
    temporal_address: str | None = None
    namespace: str = "default"
    token_life: timedelta = timedelta(minutes=10)
    token_grace: timedelta = timedelta(0)
    certificate_life: timedelta = timedelta(days=30)
    delay_window: timedelta = timedelta(minutes=5)
    log_cap: int = 100
    unlinked_document_life: timedelta = timedelta(hours=24)
    temporary_document_life: timedelta = timedelta(hours=2)
    sweep_interval: timedelta = timedelta(minutes=10)
    max_body: int = 4 * 1024**2
    max_document: int = 1024**3
    max_definitions: int = 1024**2
    time_zone: str = "UTC"
    complete_needs_valid_data: bool = True
    completed_tasks_are_fixed: bool = True
    closed_process_status: int = 409
    failed_workflow_cancels_process: bool = False
    user_messages_signal: bool = True
    actions_need_valid_input: bool = True
    deleted_artifacts_are_readable: bool = False
    ai_assistance_time: timedelta = timedelta(seconds=1)
    reference_on_upload: bool = True


SWITCHES: Final[Mapping[str, type]] = MappingProxyType(
    {
        "log_cap": int,
        "complete_needs_valid_data": bool,
        "completed_tasks_are_fixed": bool,
        "closed_process_status": int,
        "failed_workflow_cancels_process": bool,
        "user_messages_signal": bool,
        "reference_on_upload": bool,
        "actions_need_valid_input": bool,
        "deleted_artifacts_are_readable": bool,
    }
)
"""The options by which the twin behaves otherwise where KuFlow does not say how it does, with their types."""

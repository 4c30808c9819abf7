"""What the twin can be told at its start."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True)
class TwinOptions:
    """The twin's settings. Every point that KuFlow or K2 leaves undocumented is a switch here, never a constant.

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
        k2_start_delay: Seconds after a K2 workflow's start before its first task or event is there.
        k2_token_life: How long a K2 access token is good.
        k2_refresh_life: How long a K2 refresh token is good.
        k2_redirect_keeps_serial: A redirected K2 task keeps its serial number; off, the target has it under a new one.
        k2_denied_status: Status for a task that is denied or not found.
        k2_engine_error_status: Status for what K2's engine refuses, such as a task whose slot is taken.
        k2_not_permitted_status: Status where the account lacks a right.
        k2_invalid_data_status: Status for data fields that do not fit their workflow.
        k2_action_status: Status of a K2 action that was done: 200 or 204.
        k2_action_body: Answer such an action with a JSON object; off, with an empty body.
        k2_start_status: Status of a start: 200 or 201.
        k2_start_answers_object: Answer a start with an object that has the ``id``; off, with the bare number.
        k2_finish_needs_body: Refuse (400) to finish a server event without a body, as K2 declares one required.
        k2_sleep_zero_is_forever: Sleeping for 0 seconds lasts until the task is woken; off, it is refused (400).
        k2_unknown_filter_refused: Refuse (400) an unknown ``state`` or ``type``; off, list as without it.
        k2_services_gone_status: Status of the K2 Services for a task that is denied, gone or taken by another.
        k2_failure_in_200: Answer failures of the K2 Services' operations with status 200.
        k2_services_execute_batchable_only: ``Execute`` carries out only actions that need no form.
        k2_services_start_answers_instance: Answer a start with the whole instance; off, with its number.
        k2_services_max_items: How many tasks a list of the K2 Services has at most; 0 for all.
        k2_services_wcf_dates: Write dates in JSON as ``/Date(milliseconds)/``; off, in ISO 8601.
        k2_oauth_auto_login: Let ``auto=1`` and ``login_hint`` log in without a password, for tests.
        k2_oauth_rotates: A refresh token is good for one use, which brings the next; off, it stays good.
        k2_oauth_text_numbers: Write ``expires_in`` as text, as Azure AD's first version does.
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
    k2_start_delay: float = 0
    k2_token_life: timedelta = timedelta(hours=1)
    k2_refresh_life: timedelta = timedelta(days=90)
    k2_redirect_keeps_serial: bool = False
    k2_denied_status: int = 404
    k2_engine_error_status: int = 500
    k2_not_permitted_status: int = 403
    k2_invalid_data_status: int = 400
    k2_action_status: int = 200
    k2_action_body: bool = True
    k2_start_status: int = 200
    k2_start_answers_object: bool = False
    k2_finish_needs_body: bool = True
    k2_sleep_zero_is_forever: bool = False
    k2_unknown_filter_refused: bool = True
    k2_services_gone_status: int = 404
    k2_failure_in_200: bool = False
    k2_services_execute_batchable_only: bool = True
    k2_services_start_answers_instance: bool = False
    k2_services_max_items: int = 0
    k2_services_wcf_dates: bool = True
    k2_oauth_auto_login: bool = False
    k2_oauth_rotates: bool = True
    k2_oauth_text_numbers: bool = False


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
        "k2_start_delay": float,
        "k2_redirect_keeps_serial": bool,
        "k2_denied_status": int,
        "k2_engine_error_status": int,
        "k2_not_permitted_status": int,
        "k2_invalid_data_status": int,
        "k2_action_status": int,
        "k2_action_body": bool,
        "k2_start_status": int,
        "k2_start_answers_object": bool,
        "k2_finish_needs_body": bool,
        "k2_sleep_zero_is_forever": bool,
        "k2_unknown_filter_refused": bool,
        "k2_services_gone_status": int,
        "k2_failure_in_200": bool,
        "k2_services_execute_batchable_only": bool,
        "k2_services_start_answers_instance": bool,
        "k2_services_max_items": int,
        "k2_services_wcf_dates": bool,
        "k2_oauth_auto_login": bool,
        "k2_oauth_rotates": bool,
        "k2_oauth_text_numbers": bool,
    }
)
"""The options by which the twin behaves otherwise where KuFlow or K2 does not say how it does, with their types."""

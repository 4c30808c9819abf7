"""The platform: what KuFlow keeps and the rules by which it changes, without HTTP.

The objects are synchronous and take the connection of a transaction: ``await platform.database.run(
platform.tasks.claim, caller, item_id)``.
"""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable
from uuid import UUID

from kurun_twin.database import Database
from kurun_twin.definitions import Definitions
from kurun_twin.figures import Figures
from kurun_twin.options import TwinOptions
from kurun_twin.outbox import Outbox, forget_done
from kurun_twin.platform import action_outcomes
from kurun_twin.platform.ai_assistance import AiAssistance
from kurun_twin.platform.artifact_actions import ArtifactActions
from kurun_twin.platform.artifacts import Artifacts
from kurun_twin.platform.credentials import Credentials, ensure_credentials, keep_credentials
from kurun_twin.platform.directory import Directory
from kurun_twin.platform.document_files import DocumentFiles
from kurun_twin.platform.documents import Documents
from kurun_twin.platform.kms_keys import KmsKeys
from kurun_twin.platform.principals import Principal, Principals
from kurun_twin.platform.process_actions import ProcessActions
from kurun_twin.platform.process_items import ProcessItems
from kurun_twin.platform.processes import Processes, WorkflowOutcome
from kurun_twin.platform.queries import Queries
from kurun_twin.platform.refusals import Refusal
from kurun_twin.platform.robots import Robots
from kurun_twin.platform.tasks import Tasks
from kurun_twin.platform.workers import Workers

__all__ = ["Credentials", "Platform", "Principal", "Principals", "Refusal", "WorkflowOutcome"]


class Platform:
    """All of it, over one database.

    Attributes:
        options: What the twin was told at its start.
        definitions: What the definitions file says.
        database: Runs the objects' methods in transactions.
        outbox: What the engine has still to be told.
        figures: What has been counted.
        principals: Who may call.
        directory: Who there is.
        processes: Rules of processes.
        process_items: Rules of items.
        tasks: Rules of tasks.
        process_actions: Rules of what else can be done with a process.
        artifacts: Rules of business artifacts.
        artifact_actions: Rules of what can be done with one.
        ai_assistance: Attempts of AI assistance.
        kms_keys: Keys of confidential processes.
        robots: Robots and their files.
        queries: Pages of processes, items and business artifacts.
        documents: What is known of documents.
        document_files: Their bytes.
        workers: The catalogue of workers.
        read_result: Reads what a completed workflow answered, by its id; ``None`` where there is no engine.
    """

    def __init__(self, options: TwinOptions, definitions: Definitions, database: Database, figures: Figures) -> None:
        """Open the platform in ``options.data_dir``, which must exist.

        Raises:
            ConfigurationError: The data folder's content cannot be used.
        """
        self.options = options
        self.definitions = definitions
        self.database = database
        self.figures = figures
        self.outbox = Outbox(database)
        self._credentials = options.data_dir / "credentials.json"
        credentials = ensure_credentials(self._credentials, [each.id for each in definitions.principals])
        self.principals = Principals(definitions, credentials)
        self.processes = Processes(definitions, self.principals, self.outbox, options)
        self.process_items = ProcessItems(definitions, self.principals, self.outbox, options)
        self.tasks = Tasks(definitions, self.principals, self.outbox, options)
        self.process_actions = ProcessActions(definitions, self.processes, self.process_items, self.outbox, options)
        self.artifacts = Artifacts(definitions, options)
        self.artifact_actions = ArtifactActions(definitions, self.artifacts, self.processes, self.outbox, options)
        self.ai_assistance = AiAssistance(definitions, options)
        self.kms_keys = KmsKeys(definitions)
        self.directory = Directory(definitions, self.principals, database.call(_beginning))
        self.robots = Robots(definitions, self.directory.audit)
        self.queries = Queries(definitions, self.principals)
        self.documents = Documents(options)
        self.document_files = DocumentFiles(options.data_dir / "documents", options.max_document)
        database.call(self.documents.forget_unlinked)
        self.document_files.prepare(database.call(self.documents.known))
        self._swept_at = time.monotonic()
        self.workers = Workers(definitions)
        self.read_result: Callable[[str], Awaitable[object]] | None = None

    async def process_finished(self, process_id: UUID | str, outcome: str) -> None:
        """A workflow ended: let its process or its action follow. Told twice, or of another workflow, it does nothing.

        Args:
            process_id: The workflow's id.
            outcome: ``completed``, ``cancelled`` (or terminated) or ``failed`` (or timed out).
        """
        ended = WorkflowOutcome(outcome)
        workflow_id, result = str(process_id), None
        if self.read_result is not None and await self.database.run(action_outcomes.awaits_result, workflow_id):
            result = await self.read_result(workflow_id)
        status = await self.database.run(
            action_outcomes.workflow_ended, workflow_id, ended, result, self.principals.system_id
        )
        if status is not None:
            self.figures.count(f"actions_{status.lower()}")
            return
        await self.database.run(self.processes.workflow_ended, workflow_id, ended)
        self.figures.count(f"workflows_{ended}")

    async def rotate_secret(self, principal: Principal, keep_old: float) -> Principal:
        """Give a principal another secret, also for the next start; the one before it stays good for some seconds."""
        renewed = self.principals.rotate(principal, keep_old)
        credentials = {each.definition.id: each.credentials for each in self.principals.all}
        await asyncio.to_thread(keep_credentials, self._credentials, credentials)
        return renewed

    async def sweep_if_due(self) -> None:
        """Sweep, if the last time was long enough ago."""
        now = time.monotonic()
        if now - self._swept_at >= self.options.sweep_interval.total_seconds():
            self._swept_at = now
            await self.sweep()

    async def sweep(self) -> int:
        """Delete documents that waited too long to be linked, and old commands; the answer counts the documents."""
        forgotten = await self.database.run(self.documents.forget_unlinked)
        for document_id in forgotten:
            await self.document_files.delete(document_id)
        await self.database.run(forget_done)
        self.figures.count("documents_swept", len(forgotten))
        return len(forgotten)


def _beginning(connection: sqlite3.Connection) -> int:
    """When the data folder was made, in microseconds since 1970 UTC."""
    return int(connection.execute("SELECT at FROM beginning").fetchone()[0])

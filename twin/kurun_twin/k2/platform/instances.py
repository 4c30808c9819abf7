"""Workflow instances: started, looked at and changed."""

import sqlite3
from dataclasses import replace

from kurun_twin.definitions.k2_models import K2Workflow
from kurun_twin.k2.platform import fields
from kurun_twin.k2.platform.engine import Engine
from kurun_twin.k2.platform.history import note
from kurun_twin.k2.platform.reading import Reader
from kurun_twin.k2.platform.records import InstanceRecord, InstanceStatus, InstanceUpdate, StartInput
from kurun_twin.k2.platform.refusals import NO_SUCH_ITEM, NOT_YOURS, denied, not_permitted, wrong_state
from kurun_twin.k2.platform.users import K2User
from kurun_twin.options import TwinOptions

_SECOND = 1_000_000


class Instances:
    """Rules of workflow instances."""

    def __init__(self, engine: Engine, reader: Reader, options: TwinOptions) -> None:
        self._engine = engine
        self._reader = reader
        self._options = options

    def startable(self, user: K2User) -> list[K2Workflow]:
        """The workflows that an account may start."""
        return [each for each in self._engine.definitions.workflows if _may_start(user, each)]

    def start(self, connection: sqlite3.Connection, user: K2User, workflow: K2Workflow, wanted: StartInput) -> int:
        """Start a workflow and return the new instance's id. Its first step may begin a little later.

        Raises:
            K2Refusal: The account may not start it, or the fields do not fit.
        """
        if not _may_start(user, workflow):
            raise not_permitted(f"{user.fqn} does not have rights to start {workflow.full_name}")
        now = self._engine.settle(connection)
        changes = wanted.changes
        instance_id = connection.execute(
            "INSERT INTO k2_instances (workflow_id, workflow_name, folio, priority, expected_duration, originator,"
            " status, data_fields, xml_fields, item_references, started_at) VALUES (?,?,?,?,?,?,'Active',?,?,?,?)",
            (
                workflow.id,
                workflow.full_name,
                wanted.folio,
                wanted.priority,
                wanted.expected_duration,
                user.name,
                fields.dumped(fields.merged(workflow, fields.initial(workflow), changes.data_fields)),
                fields.dumped({each.name: each.value for each in changes.xml_fields}),
                fields.dumped(fields.references(changes.item_references)),
                now,
            ),
        ).lastrowid
        assert instance_id is not None  # noqa: S101 - a row was inserted
        note(connection, "started", now, instance_id=instance_id, who=user.name, folio=wanted.folio)
        first = workflow.steps[0] if workflow.steps else None
        self._engine.enter(connection, instance_id, first, at=now + round(self._options.k2_start_delay * _SECOND))
        return instance_id

    def retrieve(self, connection: sqlite3.Connection, user: K2User, instance_id: int) -> InstanceRecord:
        """An instance that the account started, or was ever a destination of.

        Raises:
            K2Refusal: There is none, or it is not for this account.
        """
        self._engine.settle(connection)
        row = connection.execute("SELECT * FROM k2_instances WHERE id = ?", (instance_id,)).fetchone()
        if row is None:
            raise denied(NO_SUCH_ITEM)
        if row["originator"] != user.name and not _was_destination(connection, instance_id, user):
            raise denied(NOT_YOURS)
        return self._reader.instance(row)

    def update(self, connection: sqlite3.Connection, user: K2User, instance_id: int, wanted: InstanceUpdate) -> None:
        """Change a running instance.

        Raises:
            K2Refusal: It is not for this account, is completed, or the fields do not fit.
        """
        instance = self.retrieve(connection, user, instance_id)
        if instance.status is not InstanceStatus.ACTIVE:
            raise wrong_state(f"The process instance {instance_id} is not active.")
        given = {
            name: value
            for name in ("folio", "priority", "expected_duration")
            if (value := getattr(wanted, name)) is not None
        }
        instance = replace(instance, **given)
        workflow = self._engine.definitions.workflow_by_id(instance.workflow_id)
        store(connection, instance, fields.columns(workflow, instance, wanted.changes))
        changed = [*given, *wanted.changes.data_fields]
        note(
            connection,
            "updated",
            self._engine.settle(connection),
            instance_id=instance_id,
            who=user.name,
            changed=changed,
        )


def store(connection: sqlite3.Connection, instance: InstanceRecord, columns: dict[str, str]) -> None:
    """Write what can change of an instance."""
    connection.execute(
        "UPDATE k2_instances SET folio = ?, priority = ?, expected_duration = ?, data_fields = ?, xml_fields = ?,"
        " item_references = ? WHERE id = ?",
        (
            instance.folio,
            instance.priority,
            instance.expected_duration,
            columns["data_fields"],
            columns["xml_fields"],
            columns["item_references"],
            instance.id,
        ),
    )


def _may_start(user: K2User, workflow: K2Workflow) -> bool:
    return workflow.starters is None or user.name in workflow.starters


def _was_destination(connection: sqlite3.Connection, instance_id: int, user: K2User) -> bool:
    found = connection.execute(
        "SELECT 1 FROM k2_destinations WHERE instance_id = ? AND user = ? LIMIT 1", (instance_id, user.name)
    )
    return found.fetchone() is not None

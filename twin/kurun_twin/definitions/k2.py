"""K2's users and workflows from their entries."""

import zlib
from collections.abc import Iterable
from datetime import timedelta

from kurun_twin.definitions.file import DefinitionsFile
from kurun_twin.definitions.k2_entries import K2ActionEntry, K2Entry, K2StepEntry, K2WorkflowEntry
from kurun_twin.definitions.k2_models import (
    K2ActionDefinition,
    K2DataField,
    K2Definitions,
    K2Step,
    K2UserDefinition,
    K2Workflow,
)
from kurun_twin.definitions.source import Source
from kurun_twin.json_schema import JsonSchema
from kurun_twin.marked_yaml import Place

_USERS: Place = ("k2", "users")
_WORKFLOWS: Place = ("k2", "workflows")
_FIRST_ID = 10_000
_IDS = 90_000


def read_k2(source: Source, file: DefinitionsFile) -> K2Definitions | None:
    """K2's part of the file; ``None`` if it has none."""
    if file.k2 is None:
        return None
    names = _Names(source, file.k2)
    workflows = tuple(
        _Reader(source, names, (*_WORKFLOWS, position)).workflow(entry)
        for position, entry in enumerate(file.k2.workflows)
    )
    source.unique(_WORKFLOWS, "name", [each.full_name.casefold() for each in workflows])
    source.unique(_WORKFLOWS, "id", [each.id for each in workflows])
    return K2Definitions(
        users=names.users(),
        server_event_users=names.accounts(file.k2.server_event_users, ("k2", "serverEventUsers")),
        workflows=workflows,
    )


class _Names:
    """The accounts, by names whose upper and lower case do not matter."""

    def __init__(self, source: Source, entry: K2Entry) -> None:
        self._source = source
        self._entries = entry.users
        self._known = {each.name.casefold(): each.name for each in entry.users}
        source.unique(_USERS, "name", [each.name.casefold() for each in entry.users])

    def users(self) -> tuple[K2UserDefinition, ...]:
        return tuple(
            K2UserDefinition(
                name=each.name,
                display_name=each.display_name or each.name.rpartition("\\")[2],
                email=each.email or "",
                manager=each.manager and self.account(each.manager, (*_USERS, position, "manager")),
                password=each.password,
            )
            for position, each in enumerate(self._entries)
        )

    def account(self, name: str, place: Place) -> str:
        self._source.known(name.casefold(), self._known, place, "K2 user")
        return self._known[name.casefold()]

    def accounts(self, names: Iterable[str] | None, place: Place) -> frozenset[str] | None:
        if names is None:
            return None
        return frozenset(self.account(name, (*place, position)) for position, name in enumerate(names))


class _Reader:
    """Reads one workflow."""

    def __init__(self, source: Source, names: _Names, place: Place) -> None:
        self._source = source
        self._names = names
        self._place = place

    def workflow(self, entry: K2WorkflowEntry) -> K2Workflow:
        fields = {name: self._field(name, schema) for name, schema in entry.data_fields.items()}
        steps = tuple(self._step(each, (*self._place, "steps", position)) for position, each in enumerate(entry.steps))
        names = [each.name for each in steps]
        self._source.unique((*self._place, "steps"), "task", names)
        for position, step in enumerate(steps):
            for inside, action in enumerate(step.actions):
                place = (*self._place, "steps", position, "actions", inside)
                self._source.known(action.next, names, (*place, "next"), "step")
                self._check_set(action, fields, place)
        # A name's checksum stays the same when workflows are added before it.
        derived = _FIRST_ID + zlib.crc32(entry.name.casefold().encode()) % _IDS
        starters = self._names.accounts(entry.starters, (*self._place, "starters"))
        return K2Workflow(entry.id or derived, entry.name, starters, fields, steps)

    def _field(self, name: str, document: dict[str, object]) -> K2DataField:
        schema = self._source.schema(document, (*self._place, "dataFields", name))
        return K2DataField(document, schema or JsonSchema({}))

    def _step(self, entry: K2StepEntry, place: Place) -> K2Step:
        name = entry.task or entry.server_event
        if name is None or (entry.task and entry.server_event):
            raise self._source.error(place, "a step has either the key task or the key serverEvent")
        if entry.task is None:
            if entry.destinations or entry.slots or entry.actions or entry.expires_after:
                raise self._source.error(place, "a server event has no destinations, slots, actions or expiresAfter")
            return K2Step(name, is_task=False)
        if not entry.destinations or not entry.actions:
            raise self._source.error(place, "a task needs destinations and actions")
        destinations = tuple(
            self._names.account(each, (*place, "destinations", position))
            for position, each in enumerate(entry.destinations)
        )
        self._source.unique(place, "destinations", destinations)
        slots = entry.slots or 1
        if slots > len(destinations):
            raise self._source.error((*place, "slots"), f"more slots than the {len(destinations)} destinations")
        self._source.unique((*place, "actions"), "name", [each.name.casefold() for each in entry.actions])
        expires_after = None if entry.expires_after is None else timedelta(seconds=entry.expires_after)
        return K2Step(name, True, destinations, slots, tuple(map(_action, entry.actions)), expires_after)

    def _check_set(self, action: K2ActionDefinition, fields: dict[str, K2DataField], place: Place) -> None:
        for name, value in action.set.items():
            self._source.known(name, fields, (*place, "set", name), "data field")
            if fields[name].schema.breaches(value):
                raise self._source.error((*place, "set", name), "breaks the data field's schema")


def _action(entry: K2ActionEntry) -> K2ActionDefinition:
    return K2ActionDefinition(entry.name, entry.set, entry.next, entry.batchable)

"""Which tenant, principals, task queues and processes the twin plays, read from the definitions file."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from pydantic import ValidationError

from kurun_config import ConfigurationError
from kurun_twin.definitions_file import DefinitionsFile, ProcessDefinitionEntry, ProcessItemDefinitionEntry
from kurun_twin.json_schema import BrokenSchemaError, JsonSchema
from kurun_twin.marked_yaml import MarkedYaml, Place, read_yaml

MAX_BYTES = 1024**2

# Ids that the file leaves out are derived from names, so that they are the same in every data folder.
_NAMESPACE = UUID("6d1f0a7e-2f4b-5d0c-9b43-8f1f2c6f7a10")


class PrincipalKind(StrEnum):
    """What a principal is."""

    USER = "USER"
    APPLICATION = "APPLICATION"


@dataclass(frozen=True)
class Tenant:
    """The one tenant that everything belongs to."""

    id: UUID
    name: str


@dataclass(frozen=True)
class PrincipalDefinition:
    """Who may call the API; users have an e-mail address."""

    id: UUID
    kind: PrincipalKind
    name: str
    email: str | None = None


@dataclass(frozen=True)
class ProcessItemDefinition:
    """A kind of item; without a schema any data is valid."""

    id: UUID
    version: UUID
    code: str
    type: str
    data: JsonSchema | None = field(default=None, repr=False)
    context_data: JsonSchema | None = field(default=None, repr=False)


@dataclass(frozen=True)
class ProcessDefinition:
    """A kind of process, and the workflow that carries it out.

    Attributes:
        version: Derived from the definition's content: it changes when the definition does.
        items: Item definitions by code; ``None`` when the file names none and any code is welcome.
    """

    id: UUID
    version: UUID
    code: str
    name: str
    workflow_type: str
    task_queue: str
    metadata: JsonSchema | None = field(default=None, repr=False)
    entity: JsonSchema | None = field(default=None, repr=False)
    items: Mapping[str, ProcessItemDefinition] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Definitions:
    """Everything the definitions file says.

    Attributes:
        task_queues: Queues that workers may poll; ``None`` when there is no file and any queue is welcome.
    """

    tenant: Tenant
    principals: tuple[PrincipalDefinition, ...]
    processes: tuple[ProcessDefinition, ...] = ()
    task_queues: frozenset[str] | None = None

    def process_by_id(self, definition_id: UUID | str) -> ProcessDefinition | None:
        """The definition with this id."""
        return next((each for each in self.processes if str(each.id) == str(definition_id)), None)

    def process_by_code(self, code: str) -> ProcessDefinition | None:
        """The definition with this code."""
        return next((each for each in self.processes if each.code == code), None)


def load_definitions(path: Path | None, *, max_bytes: int = MAX_BYTES) -> Definitions:
    """Read the definitions file; without one there is a tenant with an application and a user, and no process.

    Raises:
        ConfigurationError: The file cannot be read or is wrong; the message is ``FILE:LINE: key: what``.
    """
    if path is None:
        return _build(read_yaml("{}", "built-in definitions"), without_file=True)
    return _build(read_yaml(_read_text(path, max_bytes), str(path)))


def _read_text(path: Path, max_bytes: int) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(max_bytes + 1)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
    if len(content) > max_bytes:
        raise ConfigurationError(f"{path}: larger than {max_bytes} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ConfigurationError(f"{path}:{line}: not UTF-8 text") from None


def _build(source: MarkedYaml, *, without_file: bool = False) -> Definitions:
    file = _validate(source)
    tenant = Tenant(file.tenant.id or uuid5(_NAMESPACE, f"tenant:{file.tenant.name}"), file.tenant.name)
    principals = _principals(source, file, tenant)
    processes = tuple(
        _process(source, entry, tenant, ("processDefinitions", position))
        for position, entry in enumerate(file.process_definitions)
    )
    _unique(source, "processDefinitions", "code", [each.code for each in processes])
    _unique(source, "processDefinitions", "id", [each.id for each in processes])
    queues = None if without_file else frozenset([*file.task_queues, *(each.task_queue for each in processes)])
    return Definitions(tenant, principals, processes, queues)


def _validate(source: MarkedYaml) -> DefinitionsFile:
    if not isinstance(source.data, dict):
        raise source.error((), "the definitions file must hold keys such as processDefinitions")
    try:
        # By way of JSON: strict about types, while ids may be texts.
        return DefinitionsFile.model_validate_json(json.dumps(source.data, allow_nan=False), strict=True)
    except ValidationError as error:
        detail = error.errors(include_input=False, include_url=False)[0]
        what = "no such key" if detail["type"] == "extra_forbidden" else detail["msg"]
        raise source.error(tuple(detail["loc"]), what) from None
    except ValueError:
        raise source.error((), "numbers must be finite and texts must be Unicode") from None


def _principals(source: MarkedYaml, file: DefinitionsFile, tenant: Tenant) -> tuple[PrincipalDefinition, ...]:
    applications, users = file.principals.applications, file.principals.users
    _unique(source, "principals", "applications", [each.name for each in applications])
    _unique(source, "principals", "users", [each.email.lower() for each in users])
    if not applications:
        raise source.error(("principals",), "at least one application is needed, such as {name: worker}")
    principals = (
        *(_principal(tenant, PrincipalKind.APPLICATION, each.id, each.name) for each in applications),
        *(_principal(tenant, PrincipalKind.USER, each.id, each.name, each.email) for each in users),
    )
    _unique(source, "principals", "id", [each.id for each in principals])
    return principals


def _principal(
    tenant: Tenant, kind: PrincipalKind, given: UUID | None, name: str, email: str | None = None
) -> PrincipalDefinition:
    return PrincipalDefinition(given or uuid5(tenant.id, f"{kind}:{email or name}"), kind, name, email)


def _process(source: MarkedYaml, entry: ProcessDefinitionEntry, tenant: Tenant, place: Place) -> ProcessDefinition:
    definition_id = entry.id or uuid5(tenant.id, f"process:{entry.code}")
    items = None
    if entry.process_item_definitions is not None:
        inside = (*place, "processItemDefinitions")
        _unique(source, inside, "code", [each.code for each in entry.process_item_definitions])
        items = {
            each.code: _item(source, each, definition_id, (*inside, position))
            for position, each in enumerate(entry.process_item_definitions)
        }
    return ProcessDefinition(
        id=definition_id,
        version=uuid5(definition_id, entry.model_dump_json()),
        code=entry.code,
        name=entry.name or entry.code,
        workflow_type=entry.workflow_type,
        task_queue=entry.task_queue,
        metadata=_schema(source, entry.metadata, (*place, "metadata")),
        entity=_schema(source, entry.entity, (*place, "entity")),
        items=items,
    )


def _item(
    source: MarkedYaml, entry: ProcessItemDefinitionEntry, process_id: UUID, place: Place
) -> ProcessItemDefinition:
    item_id = entry.id or uuid5(process_id, f"item:{entry.code}")
    return ProcessItemDefinition(
        id=item_id,
        version=uuid5(item_id, entry.model_dump_json()),
        code=entry.code,
        type=entry.type,
        data=_schema(source, entry.data, (*place, "data")),
        context_data=_schema(source, entry.context_data, (*place, "contextData")),
    )


def _schema(source: MarkedYaml, schema: dict[str, Any] | None, place: Place) -> JsonSchema | None:
    if schema is None:
        return None
    try:
        return JsonSchema(schema)
    except BrokenSchemaError as error:
        raise source.error((*place, *error.place), f"broken JSON Schema: {error}") from None


def _unique(source: MarkedYaml, place: str | Place, key: str, values: Iterable[object]) -> None:
    seen: set[object] = set()
    where = (place,) if isinstance(place, str) else place
    for position, value in enumerate(values):
        if value in seen:
            inside = (*where, key, position) if where == ("principals",) else (*where, position, key)
            raise source.error(inside, f"{value} stands there twice")
        seen.add(value)

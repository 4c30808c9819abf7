"""Reads the definitions file."""

import base64
import json
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid5

from pydantic import ValidationError

from kurun_config import ConfigurationError
from kurun_twin.definitions.artifacts import read_artifacts
from kurun_twin.definitions.file import DefinitionsFile
from kurun_twin.definitions.k2 import read_k2
from kurun_twin.definitions.models import (
    ArtifactDefinition,
    Definitions,
    KmsKeyDefinition,
    ProcessDefinition,
    Tenant,
    WorkflowTarget,
)
from kurun_twin.definitions.principals import read_groups, read_principals
from kurun_twin.definitions.processes import read_processes
from kurun_twin.definitions.robots import read_robots
from kurun_twin.definitions.source import Source
from kurun_twin.marked_yaml import MarkedYaml, Place, read_yaml

MAX_BYTES = 1024**2

# Ids that the file leaves out are derived from names, so that they are the same in every data folder.
_NAMESPACE = UUID("6d1f0a7e-2f4b-5d0c-9b43-8f1f2c6f7a10")


def load_definitions(path: Path | None, *, max_bytes: int = MAX_BYTES) -> Definitions:
    """Read the definitions file; without one there is a tenant with an application and a user, and no process.

    Raises:
        ConfigurationError: The file cannot be read or is wrong; the message is ``FILE:LINE: key: what``.
    """
    if path is None:
        built_in = read_yaml("{}", "built-in definitions")
        return _build(Source(built_in, Path()), without_file=True)
    return _build(Source(read_yaml(_read_text(path, max_bytes), str(path)), path.parent))


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


def _build(source: Source, *, without_file: bool = False) -> Definitions:
    file = _validate(source.yaml)
    if file.kms_keys is not None:
        source.unique(("kmsKeys",), "id", [each.id for each in file.kms_keys])
        source = replace(source, keys=tuple(each.id for each in file.kms_keys))
    tenant_id = file.tenant.id or uuid5(_NAMESPACE, f"tenant:{file.tenant.name}")
    principals = read_principals(source, file, tenant_id)
    processes = read_processes(source, file, tenant_id)
    artifacts = read_artifacts(source, file, tenant_id)
    return Definitions(
        tenant=Tenant(tenant_id, file.tenant.name, file.tenant.plan),
        principals=principals,
        processes=processes,
        task_queues=None if without_file else _task_queues(file, processes, artifacts),
        groups=read_groups(source, file, tenant_id, principals),
        artifacts=artifacts,
        robots=read_robots(source, file, tenant_id),
        kms_keys=_kms_keys(file, processes, artifacts),
        k2=read_k2(source, file),
    )


def _task_queues(
    file: DefinitionsFile, processes: tuple[ProcessDefinition, ...], artifacts: tuple[ArtifactDefinition, ...]
) -> frozenset[str]:
    of_actions = (target.task_queue for target in _of_actions(processes, artifacts))
    return frozenset([*file.task_queues, *(each.task_queue for each in processes), *of_actions])


def _of_actions(
    processes: tuple[ProcessDefinition, ...], artifacts: tuple[ArtifactDefinition, ...]
) -> list[WorkflowTarget]:
    targets: list[WorkflowTarget | None] = [
        *(action.workflow for process in processes for action in process.actions.values()),
        *(action.workflow for artifact in artifacts for action in artifact.actions.values()),
    ]
    return [target for target in targets if target]


def _kms_keys(
    file: DefinitionsFile, processes: tuple[ProcessDefinition, ...], artifacts: tuple[ArtifactDefinition, ...]
) -> tuple[KmsKeyDefinition, ...] | None:
    """The keys of the file, and those with derived ids that something confidential uses."""
    if file.kms_keys is None:
        return None
    keys = {each.id: KmsKeyDefinition(each.id, base64.b64decode(each.value or "") or None) for each in file.kms_keys}
    used = [each.kms_key_id for each in processes] + [each.kms_key_id for each in _of_actions(processes, artifacts)]
    for key_id in filter(None, used):
        keys.setdefault(key_id, KmsKeyDefinition(key_id))
    return tuple(keys.values())


def _validate(source: MarkedYaml) -> DefinitionsFile:
    if not isinstance(source.data, dict):
        raise source.error((), "the definitions file must hold keys such as processDefinitions")
    try:
        # By way of JSON: strict about types, while ids may be texts.
        return DefinitionsFile.model_validate_json(json.dumps(source.data, allow_nan=False), strict=True)
    except ValidationError as error:
        detail = error.errors(include_input=False, include_url=False)[0]
        what = "no such key" if detail["type"] == "extra_forbidden" else detail["msg"].removeprefix("Value error, ")
        raise source.error(_place(source, tuple(detail["loc"])), what) from None
    except ValueError:
        raise source.error((), "numbers must be finite and texts must be Unicode") from None


def _place(source: MarkedYaml, location: Place) -> Place:
    """Where the mistake is, without the names of variants that stand in no file."""
    place: Place = ()
    for position, part in enumerate(location):
        if (*place, part) in source.lines or position == len(location) - 1:
            place = (*place, part)
    return place

"""Business artifact definitions from their entries."""

from uuid import UUID, uuid5

from kurun_twin.definitions.action_entries import ArtifactActionEntry, ArtifactWorkflowEntry, StartProcessEntry
from kurun_twin.definitions.file import ArtifactDefinitionEntry, DefinitionsFile
from kurun_twin.definitions.models import (
    ArtifactActionDefinition,
    ArtifactActionType,
    ArtifactDefinition,
    WorkflowTarget,
)
from kurun_twin.definitions.source import Source
from kurun_twin.marked_yaml import Place

_LIST = "businessArtifactDefinitions"
_ACTIONS = "businessArtifactActionDefinitions"


def read_artifacts(source: Source, file: DefinitionsFile, tenant_id: UUID) -> tuple[ArtifactDefinition, ...]:
    """Every business artifact definition of the file."""
    artifacts = tuple(
        _artifact(source, file, entry, tenant_id, (_LIST, position))
        for position, entry in enumerate(file.business_artifact_definitions)
    )
    source.unique((_LIST,), "code", [each.code for each in artifacts])
    source.unique((_LIST,), "id", [each.id for each in artifacts])
    return artifacts


def _artifact(
    source: Source, file: DefinitionsFile, entry: ArtifactDefinitionEntry, tenant_id: UUID, place: Place
) -> ArtifactDefinition:
    definition_id = entry.id or uuid5(tenant_id, f"business-artifact:{entry.code}")
    actions = entry.business_artifact_action_definitions
    source.unique((*place, _ACTIONS), "code", [each.code for each in actions])
    return ArtifactDefinition(
        id=definition_id,
        code=entry.code,
        name=entry.name or entry.code,
        data=source.schema(entry.data, (*place, "data")),
        actions={
            each.code: _action(source, file, each, definition_id, (*place, _ACTIONS, position))
            for position, each in enumerate(actions)
        },
    )


def _action(
    source: Source, file: DefinitionsFile, entry: ArtifactActionEntry, definition_id: UUID, place: Place
) -> ArtifactActionDefinition:
    action_id, kind = entry.id or uuid5(definition_id, f"action:{entry.code}"), ArtifactActionType(entry.type)
    if isinstance(entry, ArtifactWorkflowEntry):
        target = WorkflowTarget(entry.workflow_type, entry.task_queue, source.key(entry, action_id, place))
        schema = source.schema(entry.input, (*place, "input"))
        return ArtifactActionDefinition(action_id, entry.code, kind, workflow=target, input=schema)
    if isinstance(entry, StartProcessEntry):
        code, codes = entry.process_definition_code, [each.code for each in file.process_definitions]
        source.known(code, codes, (*place, "processDefinitionCode"), "process definition")
        return ArtifactActionDefinition(action_id, entry.code, kind, process_code=code, prefill=entry.prefill)
    code, codes = entry.business_artifact_definition_code, [each.code for each in file.business_artifact_definitions]
    source.known(code, codes, (*place, "businessArtifactDefinitionCode"), "business artifact definition")
    return ArtifactActionDefinition(action_id, entry.code, kind, artifact_code=code, prefill=entry.prefill)

"""Robots from their entries."""

from uuid import UUID, uuid5

from kurun_twin.definitions.file import DefinitionsFile, RobotEntry
from kurun_twin.definitions.models import RobotAsset, RobotDefinition
from kurun_twin.definitions.source import Source
from kurun_twin.marked_yaml import Place

_LIST = "robots"


def read_robots(source: Source, file: DefinitionsFile, tenant_id: UUID) -> tuple[RobotDefinition, ...]:
    """Every robot of the file."""
    robots = tuple(_robot(source, entry, tenant_id, (_LIST, position)) for position, entry in enumerate(file.robots))
    source.unique((_LIST,), "code", [each.code for each in robots])
    source.unique((_LIST,), "id", [each.id for each in robots])
    return robots


def _robot(source: Source, entry: RobotEntry, tenant_id: UUID, place: Place) -> RobotDefinition:
    assets = tuple(
        RobotAsset(
            each.type,
            each.version,
            each.platform,
            each.architecture,
            source.file(each.file, (*place, "assets", position, "file")),
        )
        for position, each in enumerate(entry.assets)
    )
    keys = [(each.type, each.version, each.platform, each.architecture) for each in assets]
    source.unique((*place, "assets"), "type", [" ".join(key) for key in keys])
    return RobotDefinition(
        id=entry.id or uuid5(tenant_id, f"robot:{entry.code}"),
        code=entry.code,
        name=entry.name or entry.code,
        description=entry.description,
        source_type=entry.source_type,
        source_file=source.file(entry.source_file, (*place, "sourceFile")),
        content_type=entry.content_type,
        environment_variables=entry.environment_variables,
        ready=entry.ready,
        assets=assets,
    )

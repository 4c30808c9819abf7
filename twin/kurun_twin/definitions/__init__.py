"""Everything the twin plays besides itself, read from the definitions file: people, processes, robots, keys."""

from kurun_twin.definitions.models import (
    ArtifactActionDefinition,
    ArtifactActionType,
    ArtifactDefinition,
    Definitions,
    GroupDefinition,
    KmsKeyDefinition,
    PrincipalDefinition,
    PrincipalKind,
    ProcessActionDefinition,
    ProcessActionType,
    ProcessDefinition,
    ProcessItemDefinition,
    RobotAsset,
    RobotDefinition,
    Tenant,
    WorkflowTarget,
)
from kurun_twin.definitions.reading import MAX_BYTES, load_definitions

__all__ = [
    "MAX_BYTES",
    "load_definitions",
    "Definitions",
    "Tenant",
    "PrincipalDefinition",
    "PrincipalKind",
    "GroupDefinition",
    "ProcessDefinition",
    "ProcessItemDefinition",
    "ProcessActionDefinition",
    "ProcessActionType",
    "ArtifactDefinition",
    "ArtifactActionDefinition",
    "ArtifactActionType",
    "WorkflowTarget",
    "RobotDefinition",
    "RobotAsset",
    "KmsKeyDefinition",
]

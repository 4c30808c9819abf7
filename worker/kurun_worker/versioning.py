"""Worker versioning: which processes a worker serves beside older and newer ones on the same task queue."""

import structlog
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import WorkerDeploymentConfig

from kurun_config import Versioning, WorkerSettings

log = structlog.get_logger(__name__)

_BEHAVIORS = {
    Versioning.PINNED: VersioningBehavior.PINNED,
    Versioning.AUTO_UPGRADE: VersioningBehavior.AUTO_UPGRADE,
}


def needed_settings(worker: WorkerSettings) -> list[str]:
    """The settings that a versioned worker cannot do without; none where neither is set.

    One of them alone is a mistake: without versioning the worker would take every process, those of other versions too.
    """
    versioned = worker.deployment_name is not None or worker.build_id is not None
    return ["worker.deployment_name", "worker.build_id"] if versioned else []


def deployment_config(worker: WorkerSettings) -> WorkerDeploymentConfig | None:
    """The version of the settings as Temporal wants it; ``None`` for a worker that serves whatever comes."""
    if worker.deployment_name is None or worker.build_id is None:
        return None
    log.info(
        "this version gets new processes once it is the current one of its deployment",
        deployment=worker.deployment_name,
        build_id=worker.build_id,
        versioning=worker.versioning.value,
    )
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(worker.deployment_name, worker.build_id),
        use_worker_versioning=True,
        default_versioning_behavior=_BEHAVIORS[worker.versioning],
    )

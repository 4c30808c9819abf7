"""Settings of the worker: what it serves, and how much of it at the same time."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from kurun_config.model import READ_AGAIN, Listed, Name, Positive, Seconds, Section
from kurun_config.versioning import DeploymentName, Versioning

Share = Annotated[float, Field(gt=0, le=1)]
Rate = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Tuner(StrEnum):
    """How many tasks are worked on at the same time."""

    FIXED = "fixed"
    RESOURCE = "resource"


class WorkerSettings(Section):
    """What this worker serves."""

    task_queue: Name | None = None
    """Task queue to poll; one daemon serves one queue."""
    modules: Listed[str] = ()
    """Python modules whose workflows and activities are served, such as `acme.loans.workflows`."""
    identity: Name | None = None
    """Name under which KuFlow lists this worker; made of process id and host name if absent."""
    installation_id: UUID | None = None
    """Installation that this worker belongs to."""
    robot_ids: Listed[UUID] = ()
    """Robots that this worker runs."""
    registration_interval: Seconds = timedelta(minutes=5)
    """Seconds between registrations when KuFlow does not name them (`x-kf-delay-window`)."""
    drain_timeout: Seconds = timedelta(seconds=20)
    """Seconds that running activities get to finish after SIGTERM before they are cancelled. The process is gone at
    most 3 seconds later, whatever is stuck."""
    deployment_name: DeploymentName | None = None
    """Deployment that this worker is a version of; with `worker.build_id` it is served beside other versions.
    `TEMPORAL_DEPLOYMENT_NAME` is understood too."""
    build_id: Name | None = None
    """Which version of the deployment this worker is. `TEMPORAL_WORKER_BUILD_ID` is understood too."""
    versioning: Versioning = Versioning.PINNED
    """`pinned`: a process ends on the version that it began on. `auto-upgrade`: it goes on with the newest. A workflow
    may say otherwise for itself."""
    sandbox: bool = True
    """Run workflows in Temporal's sandbox. Trusted code runs faster without it."""
    activity_threads: Positive = 32
    """Threads for activities that are not async."""
    tuner: Tuner = Tuner.FIXED
    """`fixed`: as many tasks at the same time as the limits below allow. `resource`: fewer while the machine, or the
    container, is busier than `worker.target_memory` and `worker.target_cpu` want it; needs Linux."""
    target_memory: Share = 0.8
    """Part of the memory in use from which on `resource` takes no more tasks."""
    target_cpu: Share = 0.9
    """Part of the processors in use from which on `resource` takes no more tasks."""
    max_concurrent_activities: Annotated[Positive, READ_AGAIN] = 100
    """Activities at the same time."""
    max_concurrent_workflow_tasks: Positive = 100
    """Workflow tasks at the same time."""
    max_concurrent_local_activities: Positive = 100
    """Local activities at the same time."""
    max_cached_workflows: Annotated[int, Field(ge=0)] = 1000
    """Running workflows kept in memory, so that their history need not be read and replayed for each task."""
    max_activities_per_second: Annotated[Rate | None, READ_AGAIN] = None
    """Activities that this worker begins in a second, at most; a fraction is one in several seconds."""
    max_task_queue_activities_per_second: Rate | None = None
    """Activities that the engine hands out in a second to all workers of the task queue together. Give every worker
    of the queue the same number: the last to ask wins."""
    pollers_min: Positive = 1
    """Open requests for tasks, of each kind, that are kept up while there is nothing to do."""
    pollers_max: Positive = 20
    """Open requests for tasks, of each kind, when there is much to do; the engine says when."""
    eager_activities: Annotated[int, Field(ge=0)] = 50
    """Activities that come with the answer to the workflow task that wants them, instead of a poll for each; 0: none.
    There are none either with `worker.max_task_queue_activities_per_second`."""
    reload_interval: Annotated[Seconds, READ_AGAIN] = timedelta(seconds=5)
    """Seconds between two looks at the files of settings and secrets; see which settings are read again."""

    @model_validator(mode="after")
    def _pollers_fit(self) -> Self:
        if self.pollers_min > self.pollers_max:
            raise ValueError("pollers_min is more than pollers_max")
        return self

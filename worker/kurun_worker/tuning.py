"""How much a worker does at the same time: its slots, its pollers and its limits, as the settings say."""

from typing import Any

from temporalio.worker import (
    FixedSizeSlotSupplier,
    PollerBehaviorAutoscaling,
    ResourceBasedSlotConfig,
    ResourceBasedSlotSupplier,
    ResourceBasedTunerConfig,
    WorkerTuner,
)

from kurun_config import Tuner, WorkerSettings
from kurun_worker.resources import LinuxGauge, MeasuredHeadroom
from kurun_worker.slots import DrainableSlots

FEWEST_WORKFLOW_TASKS = 2  # Temporal's own least: one for new workflows, one for those in its cache
FIRST_POLLERS = 5


def activity_slots(worker: WorkerSettings) -> DrainableSlots:
    """Slots for activities; they have to be asked for on the event loop.

    Raises:
        ConfigurationError: This machine does not say how busy it is, and the settings want to know.
    """
    headroom = None
    if worker.tuner is Tuner.RESOURCE:
        headroom = MeasuredHeadroom(LinuxGauge(), memory=worker.target_memory, cpu=worker.target_cpu)
    return DrainableSlots(worker.max_concurrent_activities, rate=worker.max_activities_per_second, headroom=headroom)


def concurrency(worker: WorkerSettings, activities: DrainableSlots) -> dict[str, Any]:
    """The arguments of Temporal's worker that have to do with how much it does at the same time.

    Args:
        worker: The settings.
        activities: Its slots for activities.
    """
    polls = PollerBehaviorAutoscaling(
        minimum=worker.pollers_min,
        maximum=worker.pollers_max,
        initial=max(worker.pollers_min, min(FIRST_POLLERS, worker.pollers_max)),
    )
    return {
        "tuner": _tuner(worker, activities),
        "max_cached_workflows": worker.max_cached_workflows,
        "max_task_queue_activities_per_second": worker.max_task_queue_activities_per_second,
        "workflow_task_poller_behavior": polls,
        "activity_task_poller_behavior": polls,
        "disable_eager_activity_execution": worker.eager_activities == 0,
        "max_eager_activity_reservations_per_workflow_task": max(worker.eager_activities, 1),
    }


def _tuner(worker: WorkerSettings, activities: DrainableSlots) -> WorkerTuner:
    workflow_tasks = max(worker.max_concurrent_workflow_tasks, FEWEST_WORKFLOW_TASKS)
    return WorkerTuner.create_composite(
        workflow_supplier=_supplier(worker, workflow_tasks, FEWEST_WORKFLOW_TASKS),
        activity_supplier=activities,
        local_activity_supplier=_supplier(worker, worker.max_concurrent_local_activities, 1),
        nexus_supplier=FixedSizeSlotSupplier(1),
    )


def _supplier(worker: WorkerSettings, most: int, fewest: int) -> FixedSizeSlotSupplier | ResourceBasedSlotSupplier:
    if worker.tuner is Tuner.FIXED:
        return FixedSizeSlotSupplier(most)
    return ResourceBasedSlotSupplier(
        ResourceBasedSlotConfig(minimum_slots=fewest, maximum_slots=most),
        ResourceBasedTunerConfig(worker.target_memory, worker.target_cpu),
    )

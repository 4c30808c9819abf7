"""The failure types that the activity reports to workflows; safe to import in a workflow.

All but the last end the activity: the data is wrong and stays wrong. The last says that the machine is wrong, and is
tried again.
"""

from typing import Final

PACKAGE_INVALID: Final = "KuFlowRobots.PackageInvalid"
"""The package, its manifest or the operation is wrong: nothing of it was run."""

ENVIRONMENT_INVALID: Final = "KuFlowRobots.EnvironmentInvalid"
"""What the package asks of its environment cannot be had."""

RUN_FAILED: Final = "KuFlowRobots.RunFailed"
"""The robot ran and did not succeed; the detail is what became of the run."""

LIMIT_EXCEEDED: Final = "KuFlowRobots.LimitExceeded"
"""The robot was ended because it went over a limit; the detail is what became of the run, where it ran."""

ENVIRONMENT_UNAVAILABLE: Final = "KuFlowRobots.EnvironmentUnavailable"
"""The machine, an index or the service is unwell. It is tried again."""

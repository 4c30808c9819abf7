"""Why a robot could not be run, or failed: what is wrong with the data, and what is wrong with the machine."""

# ruff: noqa: N818 - the names say what happened; "Error" added to each says no more


class RobotError(Exception):
    """A robot was not run to a good end; the message says why in one line."""


class PackageInvalid(RobotError):
    """The package or its manifest is wrong and stays wrong: nothing of it was run."""


class EnvironmentUnavailable(RobotError):
    """The robot's environment could not be made now: an index, a disk or the service is unwell. Later it may work."""


class RunLost(EnvironmentUnavailable):
    """The robot ran, and what watched over it was ended by somebody else, or the kernel could not end it."""


class EnvironmentInvalid(RobotError):
    """What the package asks of its environment cannot be had: no such version, no such requirement."""


class RunFailed(RobotError):
    """The robot ran and did not succeed."""


class LimitExceeded(RunFailed):
    """The robot was ended because it went over one of its limits."""

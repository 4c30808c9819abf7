"""What names a version of a worker, for Temporal's worker versioning."""

from enum import StrEnum
from typing import Annotated

from pydantic import StringConstraints

DeploymentName = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^.:]+$")]
"""Temporal writes a version as `deployment.build` or `deployment:build`, so the name has neither of the two."""


class Versioning(StrEnum):
    """What becomes of a running process when another version of the worker takes over."""

    PINNED = "pinned"
    AUTO_UPGRADE = "auto-upgrade"

"""Robots: packaged programs that KuFlow lets workers run for its tasks."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from kurun_clients.kuflow.models.base import Audited, Growing, Page, Resource


class RobotSourceType(StrEnum):
    """How a robot's program is packed."""

    PACKAGE = "PACKAGE"
    UNKNOWN = "UNKNOWN"


class RobotFilterContext(StrEnum):
    """Which robots are meant: all that the caller may see (``DEFAULT``), or those it may run now (``READY``)."""

    READY = "READY"
    DEFAULT = "DEFAULT"


class RobotAssetType(StrEnum):
    """A tool that robots need."""

    PYTHON = "PYTHON"
    PYTHON_PIP = "PYTHON_PIP"
    NODEJS = "NODEJS"


class RobotAssetPlatform(StrEnum):
    """The operating system that a tool is for."""

    WINDOWS = "WINDOWS"
    MAC_OS = "MAC_OS"
    LINUX = "LINUX"


class RobotAssetArchitecture(StrEnum):
    """The processor that a tool is for."""

    X86_32 = "X86_32"
    X86_64 = "X86_64"


class RobotSourceFile(Resource):
    """The file with a robot's program.

    Attributes:
        content_length: Its length in bytes.
        content_hash: A digest of it; KuFlow does not say by which algorithm.
    """

    id: UUID
    name: str
    content_type: str
    content_length: int
    content_hash: str


class RobotPageItem(Audited):
    """A robot in a list. The API's older shape leaves its source out there."""

    id: UUID
    code: str
    name: str
    description: str | None = None
    source_type: Annotated[RobotSourceType, Growing] | None = None
    source_file: RobotSourceFile | None = None
    tenant_id: UUID | None = None


class Robot(RobotPageItem):
    """A robot with the environment variables that its program gets."""

    environment_variables: dict[str, str] | None = None


class RobotPage(Page[RobotPageItem]):
    """A page of robots."""

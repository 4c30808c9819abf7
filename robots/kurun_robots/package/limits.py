"""How large a package may be."""

from dataclasses import dataclass
from typing import Self

from kurun_config import RobotSettings

RATIO_FLOOR = 1024**2
"""Bytes up to which a file may be as compressible as it likes: small ones cannot do harm, and zeros are no crime."""


@dataclass(frozen=True)
class PackageLimits:
    """What is refused beyond.

    Attributes:
        max_files: Files and folders.
        max_package_bytes: Size of the ZIP.
        max_unpacked_bytes: Size of all files together.
        max_ratio: Size of a file by its size in the ZIP; only for files larger than :data:`RATIO_FLOOR`.
    """

    max_files: int
    max_package_bytes: int
    max_unpacked_bytes: int
    max_ratio: int

    @classmethod
    def of(cls, settings: RobotSettings) -> Self:
        """Those of the settings."""
        return cls(
            max_files=settings.max_files,
            max_package_bytes=settings.max_package_bytes,
            max_unpacked_bytes=settings.max_unpacked_bytes,
            max_ratio=settings.max_ratio,
        )

    @classmethod
    def usual(cls) -> Self:
        """Those of a worker whose settings say nothing else."""
        return cls.of(RobotSettings())

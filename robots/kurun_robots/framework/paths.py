"""Paths of a request, held within the folder of suites."""

from pathlib import Path
from typing import Final

from kurun_robots.errors import EnvironmentUnavailable, PackageInvalid

_SHOWN: Final = 200


def inside(folder: Path, text: str, what: str) -> Path:
    """A file or folder within the folder of suites, as its real path. Blocking.

    Args:
        folder: Folder of suites.
        text: Path relative to it, or below it.
        what: What the path is, for messages.

    Raises:
        PackageInvalid: It leads out of the folder, also by a link, or there is nothing.
        EnvironmentUnavailable: The folder is not there now.
    """
    shown = repr(text[:_SHOWN])
    try:
        top = folder.resolve(strict=True)
    except OSError as error:
        raise EnvironmentUnavailable(f"{folder}: the folder of suites cannot be read: {error.strerror}") from None
    missing = f"{what}: there is no {shown} in the folder of suites"
    try:
        found = (top / text).resolve()
        there = bool(text) and found.exists()
    except (OSError, ValueError, RuntimeError):  # a name too long, a NUL, links in a circle
        raise PackageInvalid(missing) from None
    if not found.is_relative_to(top):
        raise PackageInvalid(f"{what}: {shown} leads out of the folder of suites")
    if not there:
        raise PackageInvalid(missing)
    return found

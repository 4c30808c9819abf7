"""Walking through folders that a robot could write to, however deep it made them."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kurun_robots.errors import LimitExceeded

DEEPEST: Final = 128
"""Folders within each other: each one keeps a descriptor open. What is made for use stays far below."""
_LONGEST: Final = 3800  # bytes of a folder's path; the kernel takes no file's path of more than 4095
_ENTER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class Level:
    """A folder of a tree. The descriptor is open until the walk goes on.

    Attributes:
        path: The folder.
        descriptor: Names in it are safely reached by this one.
        folders: Names of the folders in it, which are entered in this order; no links.
        files: Names of everything else.
    """

    path: str
    descriptor: int
    folders: list[str]
    files: list[str]


def walk(top: Path, *, inner_first: bool = False, strict: bool = False) -> Iterator[Level]:
    """Go through a folder and all below it; no link is followed. Blocking.

    Args:
        top: The folder.
        inner_first: A folder comes after those in it.
        strict: A folder that cannot be read ends the walk; otherwise it is left out.

    Raises:
        LimitExceeded: It is too deep, or its paths are too long.
        OSError: A folder cannot be read, and the walk is strict.
    """
    entered: list[tuple[Level, Iterator[str]]] = []
    try:
        if (first := _enter(str(top), None, strict=strict)) is None:
            return
        entered.append((first, iter(first.folders)))
        if not inner_first:
            yield first
        while entered:
            level, names = entered[-1]
            if (name := next(names, None)) is None:
                if inner_first:
                    yield level
                entered.pop()
                os.close(level.descriptor)
            elif (inner := _enter(name, level, strict=strict)) is not None:
                entered.append((inner, iter(inner.folders)))
                _refuse_extremes(top, inner, len(entered) - 1)
                if not inner_first:
                    yield inner
    finally:
        for level, _ in entered:
            os.close(level.descriptor)


def _enter(name: str, parent: Level | None, *, strict: bool) -> Level | None:
    path = name if parent is None else f"{parent.path}/{name}"
    descriptor = None
    try:
        descriptor = os.open(name, _ENTER, dir_fd=None if parent is None else parent.descriptor)
        return Level(path, descriptor, *_names_in(descriptor))
    except OSError:
        if descriptor is not None:
            os.close(descriptor)
        if strict:
            raise
        return None


def _names_in(descriptor: int) -> tuple[list[str], list[str]]:
    folders: list[str] = []
    files: list[str] = []
    with os.scandir(descriptor) as entries:
        for entry in entries:
            (folders if entry.is_dir(follow_symlinks=False) else files).append(entry.name)
    return folders, files


def _refuse_extremes(top: Path, level: Level, depth: int) -> None:
    if depth > DEEPEST:
        raise LimitExceeded(f"the folder {top.name} is more than {DEEPEST} folders deep")
    if len(os.fsencode(level.path)) > _LONGEST:
        raise LimitExceeded(f"the folder {top.name} holds paths of more than {_LONGEST} bytes")

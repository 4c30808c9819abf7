"""All that is wrong with a package, at once."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from kurun_robots.errors import EnvironmentInvalid
from kurun_robots.package.archive import Entry, read_entries
from kurun_robots.package.content import read_content
from kurun_robots.package.files import Listed, PackageFiles, Packed
from kurun_robots.package.inspection import entry_problems
from kurun_robots.package.limits import PackageLimits
from kurun_robots.package.problems import PackageProblems, Problem
from kurun_robots.package.requirements import Requirements
from kurun_robots.package.tree import read_tree
from kurun_robots.package.unpacking import manifest_of, open_package

_MAX_PROBLEMS = 100


def check(path: Path, limits: PackageLimits | None = None) -> list[Problem]:
    """Look for mistakes in a package, or in a folder that is to become one. Blocking.

    Args:
        path: A ZIP or a folder.
        limits: How large it may be; without them as large as a worker takes whose settings say nothing else.

    Returns:
        At most a hundred.

    Raises:
        OSError: It cannot be read.
    """
    allowed = limits or PackageLimits.usual()
    try:
        if path.is_dir():
            return _of_folder(path, allowed)
        with open_package(path) as file:
            return _of_archive(file, allowed)
    except PackageProblems as wrong:
        return list(wrong.problems)


def _of_archive(file: BinaryIO, limits: PackageLimits) -> list[Problem]:
    entries = read_entries(file, limits)
    if problems := list(entry_problems(entries, limits)):
        return problems[:_MAX_PROBLEMS]
    return (list(_of_contents(file, entries)) or _of_requirements(Packed(file, entries)))[:_MAX_PROBLEMS]


def _of_folder(folder: Path, limits: PackageLimits) -> list[Problem]:
    tree = read_tree(folder, limits)
    found = tree.problems or _of_requirements(Listed(folder, (each.name for each in tree.files)))
    return found[:_MAX_PROBLEMS]


def _of_requirements(files: PackageFiles) -> list[Problem]:
    try:
        Requirements.among(files)
    except EnvironmentInvalid as wrong:
        return [Problem(None, "", str(wrong), "")]
    return []


def _of_contents(file: BinaryIO, entries: tuple[Entry, ...]) -> Iterator[Problem]:
    try:
        manifest_of(file, entries)
    except PackageProblems as wrong:
        yield from wrong.problems
    for entry in entries:
        try:
            for _ in read_content(file, entry):
                pass
        except PackageProblems as wrong:
            yield from wrong.problems

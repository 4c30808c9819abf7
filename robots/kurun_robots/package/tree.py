"""A folder as a package would have it."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from kurun_robots.package.exclusion import Exclusion
from kurun_robots.package.inspection import about_total, no_manifest
from kurun_robots.package.limits import PackageLimits
from kurun_robots.package.names import collisions, wrong_name
from kurun_robots.package.problems import MANIFEST, PackageProblems, Problem, about_file, about_package
from kurun_robots.package.reading import manifest_bytes, parse_manifest


@dataclass(frozen=True)
class TreeFile:
    """A file, or an empty folder.

    Attributes:
        name: Its name in the package; an empty folder's ends with a slash.
        path: Where it lies.
        size: Its bytes.
        is_program: Whether its owner may execute it.
    """

    name: str
    path: Path
    size: int
    is_program: bool


@dataclass
class Tree:
    """What is in a folder.

    Attributes:
        files: Files and empty folders in the order of their names.
        left_out: Names of what is excluded.
        problems: What cannot be packed.
    """

    files: list[TreeFile] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_tree(folder: Path, limits: PackageLimits, *, besides: Path | None = None) -> Tree:
    """Look through a folder.

    Args:
        folder: The folder.
        limits: How large its package may be.
        besides: A file that is no part of it wherever it lies, such as the package itself.

    Raises:
        PackageProblems: There are too many files to go on.
        OSError: Something cannot be read.
    """
    tree = Tree()
    reader = _Reader(tree, Exclusion.of(folder), limits, besides.resolve() if besides else None)
    reader.read(folder.resolve(), "")
    tree.files.sort(key=lambda each: each.name)
    tree.problems += _problems(tree, folder, limits)
    return tree


@dataclass
class _Reader:
    tree: Tree
    exclusion: Exclusion
    limits: PackageLimits
    besides: Path | None

    def read(self, folder: Path, prefix: str) -> None:
        with os.scandir(folder) as found:
            children = sorted(found, key=lambda each: each.name)
        if prefix and not children:
            self._add(TreeFile(prefix, folder, 0, is_program=False))
        for child in children:
            name, path = prefix + child.name, Path(child.path)
            is_folder = child.is_dir(follow_symlinks=False)
            if path == self.besides:
                continue
            if self.exclusion.covers(name, is_folder=is_folder):
                self.tree.left_out.append(f"{name}/" if is_folder else name)
            elif wrong := wrong_name(name) or (None if is_folder else _wrong_kind(child)):
                self.tree.problems.append(about_file(name, wrong))
            elif is_folder:
                self.read(path, f"{name}/")
            else:
                found_file = child.stat(follow_symlinks=False)
                self._add(TreeFile(name, path, found_file.st_size, bool(found_file.st_mode & stat.S_IXUSR)))

    def _add(self, file: TreeFile) -> None:
        self.tree.files.append(file)
        if len(self.tree.files) > self.limits.max_files:
            raise about_package(
                f"the package has more than {self.limits.max_files} files and folders (robots.max_files)"
            )


def _wrong_kind(child: os.DirEntry[str]) -> str | None:
    if child.is_symlink():
        return "a link: packages hold files and folders only"
    return None if child.is_file(follow_symlinks=False) else "is neither a file nor a folder"


def _problems(tree: Tree, folder: Path, limits: PackageLimits) -> Iterator[Problem]:
    names = [each.name for each in tree.files]
    yield from collisions(names)
    total = sum(each.size for each in tree.files)
    if total > limits.max_unpacked_bytes:
        yield about_total(total, max(tree.files, key=lambda each: each.size).name, limits)
    if MANIFEST not in names:
        yield no_manifest(names)
        return
    try:
        parse_manifest(manifest_bytes(folder / MANIFEST, MANIFEST))
    except PackageProblems as wrong:
        yield from wrong.problems

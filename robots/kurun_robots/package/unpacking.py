"""Unpacks a package: all of it, or nothing."""

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from kurun_robots.errors import EnvironmentUnavailable
from kurun_robots.package.archive import Entry, read_entries
from kurun_robots.package.content import read_content
from kurun_robots.package.inspection import entry_problems
from kurun_robots.package.limits import PackageLimits
from kurun_robots.package.manifest import Manifest
from kurun_robots.package.problems import MANIFEST, PackageProblems, about_package
from kurun_robots.package.reading import MAX_MANIFEST_BYTES, parse_manifest

_FILE, _PROGRAM, _FOLDER = 0o644, 0o755, 0o755


def unpack(package: Path, target: Path, limits: PackageLimits) -> Manifest:
    """Unpack a package. Blocking.

    Files get mode 644, or 755 if the package says that they are programs; folders 755; nothing else of the package's
    metadata counts. The target appears with all of it or not at all.

    Args:
        package: The ZIP.
        target: A folder that does not exist yet, or is empty; its parent exists.
        limits: How large the package may be.

    Raises:
        PackageInvalid: It is wrong, and so nothing of it was kept.
        EnvironmentUnavailable: The disk is unwell.
    """
    try:
        with open_package(package) as file:
            entries = read_entries(file, limits)
            if problems := list(entry_problems(entries, limits)):
                raise PackageProblems(problems)
            manifest = manifest_of(file, entries)
            with _appearing(target) as folder:
                _write(file, entries, folder)
    except OSError as error:
        place = error.filename or target
        raise EnvironmentUnavailable(f"{place}: cannot be unpacked: {error.strerror}") from None
    return manifest


@contextlib.contextmanager
def open_package(package: Path) -> Iterator[BinaryIO]:
    """Open a ZIP for reading.

    Raises:
        PackageInvalid: It is no file.
        OSError: It cannot be read.
    """
    # Opening a pipe would wait for somebody who writes to it.
    if not stat.S_ISREG(package.stat().st_mode):
        raise about_package(f"{package} is no file")
    with package.open("rb") as file:
        yield file


def manifest_of(file: BinaryIO, entries: tuple[Entry, ...]) -> Manifest:
    """Read the manifest of a package that has one.

    Raises:
        PackageProblems: It is wrong.
    """
    [entry] = [each for each in entries if each.name == MANIFEST]
    content = b""
    for piece in read_content(file, entry):
        content += piece
        if len(content) > MAX_MANIFEST_BYTES:
            break
    return parse_manifest(content)


@contextlib.contextmanager
def _appearing(target: Path) -> Iterator[Path]:
    """A folder that takes the target's place when the block ends well, and is removed when not."""
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        yield folder
        folder.chmod(_FOLDER)
        folder.rename(target)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _write(file: BinaryIO, entries: tuple[Entry, ...], folder: Path) -> None:
    made = {folder}
    for entry in entries:
        path = folder / entry.name
        _make(path if entry.is_folder else path.parent, made)
        if not entry.is_folder:
            _write_file(file, entry, path)


def _make(folder: Path, made: set[Path]) -> None:
    if folder in made:
        return
    _make(folder.parent, made)
    folder.mkdir()
    folder.chmod(_FOLDER)  # whatever the umask
    made.add(folder)


def _write_file(file: BinaryIO, entry: Entry, path: Path) -> None:
    with path.open("xb") as written:
        for piece in read_content(file, entry):
            written.write(piece)
        os.fchmod(written.fileno(), _PROGRAM if entry.mode & 0o111 else _FILE)

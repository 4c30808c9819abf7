"""The files of a package that requirements may name, unpacked or still in its ZIP."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO, Protocol

from kurun_robots.package.archive import Entry
from kurun_robots.package.content import read_content


class PackageFiles(Protocol):
    """Where a package's files are; paths lie below ``top``. Blocking."""

    @property
    def top(self) -> Path:
        """The package's folder, without links on the way."""

    def resolved(self, path: Path) -> Path:
        """A path without links and dots."""

    def exists(self, path: Path) -> bool:
        """Whether there is something."""

    def is_file(self, path: Path) -> bool:
        """Whether there is a file."""

    def read(self, path: Path, most: int) -> bytes:
        """The beginning of a file.

        Raises:
            OSError: It cannot be read.
        """


class Unpacked:
    """The files of a package in a folder."""

    def __init__(self, folder: Path) -> None:
        self.top = folder.resolve()

    def resolved(self, path: Path) -> Path:
        """See the protocol."""
        return path.resolve()

    def exists(self, path: Path) -> bool:
        """See the protocol."""
        return path.exists()

    def is_file(self, path: Path) -> bool:
        """See the protocol."""
        return path.is_file()

    def read(self, path: Path, most: int) -> bytes:
        """See the protocol."""
        with path.open("rb") as file:
            return file.read(most)


class Listed(Unpacked):
    """Those files of a folder that its package will have."""

    def __init__(self, folder: Path, names: Iterable[str]) -> None:
        super().__init__(folder)
        self._files = {self.top / name for name in names}
        self._folders = _folders_of(self._files)

    def exists(self, path: Path) -> bool:
        """See the protocol."""
        return path in self._files or path in self._folders

    def is_file(self, path: Path) -> bool:
        """See the protocol."""
        return path in self._files and path.is_file()


class Packed:
    """The files of a package in its ZIP, whose entries are sound."""

    def __init__(self, file: BinaryIO, entries: Iterable[Entry]) -> None:
        self.top = Path("/package")
        self._file = file
        self._entries: Mapping[Path, Entry] = {self.top / each.name: each for each in entries}
        self._folders = _folders_of(self._entries)

    def resolved(self, path: Path) -> Path:
        """See the protocol."""
        return Path(os.path.normpath(path))

    def exists(self, path: Path) -> bool:
        """See the protocol."""
        return path in self._entries or path in self._folders

    def is_file(self, path: Path) -> bool:
        """See the protocol."""
        return path in self._entries and not self._entries[path].is_folder

    def read(self, path: Path, most: int) -> bytes:
        """See the protocol."""
        content = bytearray()
        for piece in read_content(self._file, self._entries[path]):
            content += piece
            if len(content) >= most:
                break
        return bytes(content[:most])


def _folders_of(files: Iterable[Path]) -> set[Path]:
    return {folder for file in files for folder in file.parents}

"""The directory of a ZIP, read with suspicion.

The standard library's ``zipfile`` takes in as many entries as there are, believes what they say about their data, and
reads names differently from version to version. Here all of it is bounded before it is read, and what a ZIP says twice
has to be the same both times. Source: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 and 4.4.
"""

import os
import stat
import struct
from dataclasses import dataclass, replace
from typing import BinaryIO

from kurun_robots.package.entry_names import entry_name
from kurun_robots.package.limits import PackageLimits
from kurun_robots.package.problems import PackageProblems, about_file, about_package, printable

STORED, DEFLATED = 0, 8

_END = struct.Struct("<4s4H2LH")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_MAX_COMMENT = 0xFFFF
_MANY, _LARGE = 0xFFFF, 0xFFFFFFFF  # stand for: see the ZIP64 record

_ENCRYPTED = 0x2041  # encrypted, strongly encrypted, directory encrypted
_FOLLOWS = 0x0008  # sizes and checksum come behind the data
_COMPARED = _ENCRYPTED | 0x0800


@dataclass(frozen=True)
class Entry:
    """A file or folder in a ZIP, as its central directory has it.

    Attributes:
        name: Its name; a folder's ends with a slash.
        raw_name: The same as it is stored.
        flags: General purpose flags.
        method: How it is compressed.
        mode: Type and permissions as Unix has them; 0 if it was made elsewhere.
        checksum: CRC-32 of its content.
        packed: Bytes in the ZIP.
        size: Bytes of its content.
        header: Where its own header begins.
        data: Where its data begin.
    """

    name: str
    raw_name: bytes
    flags: int
    method: int
    mode: int
    checksum: int
    packed: int
    size: int
    header: int
    data: int = 0

    @property
    def is_folder(self) -> bool:
        """Whether it holds others instead of data."""
        return self.name.endswith("/")

    @property
    def is_encrypted(self) -> bool:
        """Whether a password is needed."""
        return bool(self.flags & _ENCRYPTED)

    @property
    def file_type(self) -> int:
        """``S_IFREG``, ``S_IFLNK`` …; 0 if it is not said."""
        return stat.S_IFMT(self.mode)


def read_entries(file: BinaryIO, limits: PackageLimits) -> tuple[Entry, ...]:
    """Every entry in the order of the directory. What they are called and hold has not been looked at.

    Raises:
        PackageProblems: It is no ZIP, it is too large, or it contradicts itself.
    """
    length = file.seek(0, os.SEEK_END)
    if length > limits.max_package_bytes:
        raise about_package(
            f"the package has {length} bytes; at most {limits.max_package_bytes} are allowed (robots.max_package_bytes)"
        )
    count, start, end = _directory(file, length)
    if count > limits.max_files:
        raise about_package(
            f"the package has {count} files and folders; at most {limits.max_files} are allowed (robots.max_files)"
        )
    file.seek(start)
    entries = [_central(file) for _ in range(count)]
    if file.tell() != end:
        raise _broken("its directory is not as long as it says")
    return _located(file, entries, start)


def _directory(file: BinaryIO, length: int) -> tuple[int, int, int]:
    """How many entries there are, and where their directory begins and ends."""
    searched = min(length, _END.size + _MAX_COMMENT)
    file.seek(length - searched)
    tail = file.read(searched)
    found = tail.rfind(b"PK\5\6")
    if found < 0 or found + _END.size > len(tail):
        raise about_package("the package is no ZIP")
    end = length - searched + found
    _, disk, first_disk, here, count, size, start, comment = _END.unpack_from(tail, found)
    if count == _MANY or _LARGE in (size, start):
        raise about_package("the package is a ZIP64, which is for more than 4 GiB or 65534 files")
    if (disk, first_disk, here) != (0, 0, count):
        raise about_package("the package is a part of a ZIP that was split")
    if end + _END.size + comment != length or start + size != end:
        raise _broken("there is something before, behind or between its parts")
    return count, start, end


def _central(file: BinaryIO) -> Entry:
    fields = _unpacked(file, _CENTRAL, b"PK\1\2")
    flags, method, checksum, packed, size = fields[3], fields[4], *fields[7:10]
    name, extra = file.read(fields[10]), file.read(fields[11])
    file.seek(fields[12], os.SEEK_CUR)
    decoded = entry_name(name, flags, extra)
    if _LARGE in (packed, size, fields[16]) or fields[13]:
        raise PackageProblems([about_file(decoded, "is larger than 4 GiB, or in another part of a ZIP that was split")])
    return Entry(decoded, name, flags, method, fields[15] >> 16, checksum, packed, size, fields[16])


def _located(file: BinaryIO, entries: list[Entry], end: int) -> tuple[Entry, ...]:
    """The entries with the places of their data, which lie one behind the other."""
    located = {}
    for entry in sorted(entries, key=lambda each: each.header, reverse=True):
        found = _local(file, entry)
        if found.data + found.packed > end:
            raise _broken(f"the data of {printable(entry.name)} reach into what follows")
        located[entry.header], end = found, entry.header
    return tuple(located[entry.header] for entry in entries)


def _local(file: BinaryIO, entry: Entry) -> Entry:
    file.seek(entry.header)
    fields = _unpacked(file, _LOCAL, b"PK\3\4")
    flags, method, sizes = fields[2], fields[3], fields[6:9]
    name = file.read(fields[9])
    # Sizes are not known yet where they follow the data, and lie elsewhere where a writer was ready for large files.
    open_values = {0, _LARGE} if flags & _FOLLOWS else {_LARGE}
    same = (name, method, flags & _COMPARED) == (entry.raw_name, entry.method, entry.flags & _COMPARED)
    if not same or any(
        mine != central and mine not in open_values
        for mine, central in zip(sizes, (entry.checksum, entry.packed, entry.size), strict=True)
    ):
        raise _broken(f"{printable(entry.name)} is not what the directory says")
    return replace(entry, data=file.tell() + fields[10])


def _unpacked(file: BinaryIO, record: struct.Struct, signature: bytes) -> tuple[int, ...]:
    content = file.read(record.size)
    if len(content) < record.size or not content.startswith(signature):
        raise _broken("a record of its directory is not where it should be")
    return record.unpack(content)


def _broken(why: str) -> PackageProblems:
    return about_package(f"the package is a broken ZIP: {why}")

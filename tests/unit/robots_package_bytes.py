"""Packages written byte by byte, so that they can say what no tool would write."""

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import pytest

from kurun_robots.package import Manifest, PackageLimits, PackageProblems, check, unpack

LIMITS = PackageLimits.usual()
STORED, DEFLATED = 0, 8
MANIFEST_TEXT = b"operations:\n  - name: Say hello\n    shell: echo hello\n"


@dataclass(frozen=True)
class Raw:
    """An entry; what is ``None`` is as it should be.

    Attributes:
        name: Name in the central directory.
        content: What it holds.
        method: How it is compressed.
        mode: Unix type and permissions.
        flags: General purpose flags, in both headers.
        data: Bytes in the ZIP, instead of the compressed content.
        size: Size of the content, as both headers say.
        packed: Size of the data, as both headers say.
        checksum: CRC-32, as both headers say.
        extra: Extra fields of the central directory.
        local_name: Name in the local header.
        local_size: Size of the content in the local header.
        local_method: Method in the local header.
        local_extra: Extra fields of the local header.
        header: Where the central directory says that the local header is.
        host: System that it was made on.
    """

    name: str | bytes
    content: bytes = b""
    method: int = STORED
    mode: int = 0o100644
    flags: int = 0
    data: bytes | None = None
    size: int | None = None
    packed: int | None = None
    checksum: int | None = None
    extra: bytes = b""
    local_name: bytes | None = None
    local_size: int | None = None
    local_method: int | None = None
    local_extra: bytes = b""
    header: int | None = None
    host: int = 3

    def raw_name(self) -> bytes:
        """The name's bytes."""
        return self.name.encode() if isinstance(self.name, str) else self.name

    def packed_data(self) -> bytes:
        """Its bytes in the ZIP."""
        if self.data is not None:
            return self.data
        return deflated(self.content) if self.method == DEFLATED else self.content

    def numbers(self) -> tuple[int, int, int]:
        """Checksum and sizes, as it says."""
        return (
            zlib.crc32(self.content) if self.checksum is None else self.checksum,
            len(self.packed_data()) if self.packed is None else self.packed,
            len(self.content) if self.size is None else self.size,
        )

    def local(self) -> bytes:
        """Local header and data."""
        name = self.raw_name() if self.local_name is None else self.local_name
        checksum, packed, size = self.numbers()
        size = size if self.local_size is None else self.local_size
        method = self.method if self.local_method is None else self.local_method
        rest = (checksum, packed, size, len(name), len(self.local_extra))
        head = struct.pack("<4s5H3L2H", b"PK\3\4", 20, self.flags, method, 0, 33, *rest)
        return head + name + self.local_extra + self.packed_data()

    def central(self, header: int) -> bytes:
        """Its place in the central directory."""
        name = self.raw_name()
        lengths = (len(name), len(self.extra), 0, 0, 0, self.mode << 16)
        made = self.host << 8 | 20
        start = header if self.header is None else self.header
        head = struct.pack(
            "<4s6H3L5H2L", b"PK\1\2", made, 20, self.flags, self.method, 0, 33, *self.numbers(), *lengths, start
        )
        return head + name + self.extra


MANIFEST_ENTRY = Raw("kubot.yaml", MANIFEST_TEXT)


def deflated(content: bytes) -> bytes:
    """Raw deflate."""
    deflating = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    return deflating.compress(content) + deflating.flush()


def zip_of(*entries: Raw, count: int | None = None, disk: int = 0, comment: bytes = b"") -> bytes:
    """A ZIP of entries, one behind the other; the manifest is not added."""
    content, starts = bytearray(), []
    for entry in entries:
        starts.append(len(content))
        content += entry.local()
    directory = b"".join(entry.central(start) for entry, start in zip(entries, starts, strict=True))
    many = len(entries) if count is None else count
    numbers = (disk, 0, many & 0xFFFF, many & 0xFFFF, len(directory), len(content), len(comment))
    return bytes(content) + directory + struct.pack("<4s4H2LH", b"PK\5\6", *numbers) + comment


def package_of(*entries: Raw) -> bytes:
    """A ZIP of a manifest and entries."""
    return zip_of(MANIFEST_ENTRY, *entries)


def unpacked(folder: Path, package: bytes, limits: PackageLimits = LIMITS) -> Manifest:
    """Unpack a package into ``folder / "robot"``."""
    (folder / "robot.zip").write_bytes(package)
    return unpack(folder / "robot.zip", folder / "robot", limits)


def refusal(folder: Path, package: bytes, limits: PackageLimits = LIMITS) -> str:
    """Why a package is refused; checks that nothing of it stays and that ``check`` says the same."""
    with pytest.raises(PackageProblems) as caught:
        unpacked(folder, package, limits)
    assert ["robot.zip"] == [each.name for each in folder.iterdir()]
    assert caught.value.problems[0] in check(folder / "robot.zip", limits)
    assert "\n" not in str(caught.value)
    return str(caught.value)

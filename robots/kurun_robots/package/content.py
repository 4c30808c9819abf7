"""What entries hold, no more of it than they say."""

import zlib
from collections.abc import Iterator
from typing import BinaryIO

from kurun_robots.package.archive import STORED, Entry
from kurun_robots.package.problems import PackageProblems, about_file

_CHUNK = 256 * 1024


def read_content(file: BinaryIO, entry: Entry) -> Iterator[bytes]:
    """The content of an entry, piece by piece.

    Raises:
        PackageProblems: It is not what the entry says: too long, too short, another checksum, no deflated data. Never
            more comes than the entry says.
    """
    pieces = _stored(file, entry) if entry.method == STORED else _inflated(file, entry)
    size = checksum = 0
    try:
        for piece in pieces:
            size += len(piece)
            if size > entry.size:
                raise _wrong(entry, f"holds more than the {entry.size} bytes it says")
            checksum = zlib.crc32(piece, checksum)
            yield piece
    except zlib.error:
        raise _wrong(entry, "its data are broken") from None
    if (size, checksum) != (entry.size, entry.checksum):
        raise _wrong(entry, "its data are not those it was packed with")


def _stored(file: BinaryIO, entry: Entry) -> Iterator[bytes]:
    file.seek(entry.data)
    left = entry.packed
    while left and (piece := file.read(min(left, _CHUNK))):
        left -= len(piece)
        yield piece


def _inflated(file: BinaryIO, entry: Entry) -> Iterator[bytes]:
    inflating = zlib.decompressobj(-zlib.MAX_WBITS)
    behind = False
    for packed in _stored(file, entry):
        behind = behind or inflating.eof
        given, piece = packed, b""
        while not inflating.eof and (given or len(piece) == _CHUNK):
            piece = inflating.decompress(given, _CHUNK)
            given = inflating.unconsumed_tail
            yield piece
    if behind or inflating.unused_data or not inflating.eof:
        raise _wrong(entry, "its data do not end where it ends")


def _wrong(entry: Entry, message: str) -> PackageProblems:
    return PackageProblems([about_file(entry.name, message)])

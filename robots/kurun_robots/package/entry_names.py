"""Names in a ZIP. Source: APPNOTE.TXT 6.3.10, appendix D, and section 4.6.9 on Info-ZIP's field."""

import struct
import zlib
from collections.abc import Iterator

_UTF8 = 0x0800
_UNICODE_PATH = 0x7075
_HEAD = struct.Struct("<BL")


def entry_name(name: bytes, flags: int, extra: bytes) -> str:
    """The name of an entry.

    What is no UTF-8 although it says so keeps its bytes as surrogates, and is refused with the other wrong names.

    Args:
        name: As it is stored.
        flags: General purpose flags.
        extra: The extra fields, one of which may hold the name once more.
    """
    if flags & _UTF8:
        return name.decode("utf-8", "surrogateescape")
    for kind, content in _fields(extra):
        if kind == _UNICODE_PATH and len(content) >= _HEAD.size:
            version, checksum = _HEAD.unpack_from(content)
            if version == 1 and checksum == zlib.crc32(name):
                return content[_HEAD.size :].decode("utf-8", "surrogateescape")
    try:
        # Info-ZIP writes the bytes of the file system, without a word on what they are.
        return name.decode()
    except UnicodeDecodeError:
        return name.decode("cp437")


def _fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<2H", extra, at)
        yield kind, extra[at + 4 : at + 4 + size]
        at += 4 + size

"""Archives of tools, whose form KuFlow does not document: unpacked whatever they are."""

import lzma
import stat
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import Final

from kurun_robots.errors import EnvironmentInvalid, EnvironmentUnavailable

_MAX_BYTES: Final = 2 * 1024**3
_MAX_FILES: Final = 100_000
_PIECE: Final = 2**20
_BROKEN: Final = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
)
_RUNNABLE: Final = ("bin/python3", "bin/python", "bin/node")


def unpack_tool(archive: Path, target: Path) -> None:
    """Unpack a tar or ZIP archive.

    Raises:
        EnvironmentInvalid: It is neither, or holds what it should not.
        EnvironmentUnavailable: There is no room for it.
    """
    target.mkdir(mode=0o755)
    try:
        if zipfile.is_zipfile(archive):
            _unzip(archive, target)
        else:
            _untar(archive, target)
    except _BROKEN as error:
        raise EnvironmentInvalid(f"the tool that KuFlow sent cannot be unpacked: {error}") from None
    except OSError as error:
        if error.errno is None:  # what a broken compressed stream raises
            raise EnvironmentInvalid(f"the tool that KuFlow sent cannot be unpacked: {error}") from None
        raise EnvironmentUnavailable(f"the tool that KuFlow sent cannot be unpacked: {error.strerror}") from None


def programs_in(tool: Path, *names: str) -> list[Path]:
    """Programs of a tool, wherever its ``bin`` folder is."""
    return [
        found for name in names for start in ("", "*/", "*/*/") for found in sorted(tool.glob(f"{start}bin/{name}"))
    ]


def _untar(archive: Path, target: Path) -> None:
    if not hasattr(tarfile, "data_filter"):
        raise EnvironmentInvalid("this Python cannot unpack archives safely: use one from 3.11.4 on")
    with tarfile.open(archive, "r:*") as tar:
        size = count = 0
        for member in tar:
            size, count = size + member.size, count + 1
            if size > _MAX_BYTES or count > _MAX_FILES:
                raise EnvironmentInvalid("the tool that KuFlow sent is too large")
            tar.extract(member, target, filter="data")
        _read_to_end(tar)


def _read_to_end(tar: tarfile.TarFile) -> None:
    """Let a compressed stream hold itself against its checksum, which stands behind its last byte."""
    size = 0
    while piece := tar.fileobj.read(_PIECE):
        size += len(piece)
        if size > _MAX_BYTES:
            raise EnvironmentInvalid("the tool that KuFlow sent is too large")


def _unzip(archive: Path, target: Path) -> None:
    with zipfile.ZipFile(archive) as file:
        entries = file.infolist()
        if len(entries) > _MAX_FILES or sum(entry.file_size for entry in entries) > _MAX_BYTES:
            raise EnvironmentInvalid("the tool that KuFlow sent is too large")
        for entry in entries:
            path = Path(file.extract(entry, target))  # takes no path out of the target
            runs = entry.external_attr >> 16 & stat.S_IXUSR or entry.filename.endswith(_RUNNABLE)
            if path.is_file():
                path.chmod(0o755 if runs else 0o644)

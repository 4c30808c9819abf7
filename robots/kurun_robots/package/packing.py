"""Makes the ZIP of a package, the same bytes for the same content."""

import contextlib
import hashlib
import os
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kurun_robots.package.checking import check
from kurun_robots.package.limits import RATIO_FLOOR, PackageLimits
from kurun_robots.package.problems import PackageProblems
from kurun_robots.package.tree import TreeFile, read_tree

_CHUNK = 256 * 1024
_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_MODES = {False: 0o100644, True: 0o100755}
_FOLDER_MODE = 0o40755


@dataclass(frozen=True)
class PackedSummary:
    """What was packed.

    Attributes:
        files: Names of the files and of the empty folders.
        left_out: Names of what was not: caches, environments, and what ``.kubotignore`` says.
        unpacked_bytes: Size of the files.
        packed_bytes: Size of the package.
        sha256: Hash of the package, hexadecimal.
    """

    files: tuple[str, ...]
    left_out: tuple[str, ...]
    unpacked_bytes: int
    packed_bytes: int
    sha256: str


def pack(folder: Path, target: Path, limits: PackageLimits | None = None) -> PackedSummary:
    """Make a package of a folder. Blocking.

    Its bytes depend on names, contents and which files are programs, and on nothing else but the zlib that Python uses.

    Args:
        folder: What to pack.
        target: The ZIP, which is replaced if it is there.
        limits: How large it may be; without them as large as a worker takes whose settings say nothing else.

    Raises:
        PackageInvalid: The folder makes no valid package.
        OSError: Something cannot be read or written.
    """
    allowed = limits or PackageLimits.usual()
    tree = read_tree(folder, allowed, besides=target)
    if tree.problems:
        raise PackageProblems(tree.problems)
    with _appearing(target) as unfinished:
        with zipfile.ZipFile(unfinished, "x") as package:
            for file in tree.files:
                _add(package, file, allowed)
        # What it holds may have changed while it was read.
        if problems := check(unfinished, allowed):
            raise PackageProblems(problems)
        with unfinished.open("rb") as packed:
            sha256 = hashlib.file_digest(packed, "sha256").hexdigest()
        return PackedSummary(
            files=tuple(file.name for file in tree.files),
            left_out=tuple(tree.left_out),
            unpacked_bytes=sum(file.size for file in tree.files),
            packed_bytes=unfinished.stat().st_size,
            sha256=sha256,
        )


@contextlib.contextmanager
def _appearing(target: Path) -> Iterator[Path]:
    """A file that takes the target's place when the block ends well, and is removed when not."""
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        yield unfinished
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def _add(package: zipfile.ZipFile, file: TreeFile, limits: PackageLimits) -> None:
    info = zipfile.ZipInfo(file.name, _EPOCH)
    info.create_system = _UNIX
    if file.name.endswith("/"):
        info.external_attr = _FOLDER_MODE << 16 | 0x10
        package.writestr(info, b"")
        return
    info.external_attr = _MODES[file.is_program] << 16
    info.file_size = file.size
    info.compress_type = zipfile.ZIP_STORED if _is_bomb(file, limits) else zipfile.ZIP_DEFLATED
    with file.path.open("rb") as source, package.open(info, "w") as target:
        shutil.copyfileobj(source, target, _CHUNK)


def _is_bomb(file: TreeFile, limits: PackageLimits) -> bool:
    """Whether a file compresses so well that its package would be taken for a bomb."""
    if file.size <= RATIO_FLOOR:
        return False
    deflating = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = 0
    with file.path.open("rb") as source:
        while piece := source.read(_CHUNK):
            packed += len(deflating.compress(piece))
    return file.size > (packed + len(deflating.flush())) * limits.max_ratio

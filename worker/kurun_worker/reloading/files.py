"""Whether files have changed, without reading them."""

from collections.abc import Iterable
from pathlib import Path

Fingerprint = tuple[tuple[str, ...], ...]


def fingerprint(files: Iterable[Path]) -> Fingerprint:
    """What changes when one of the files is written, replaced, added or removed. Blocks.

    Links are followed: Kubernetes puts a new version of a mounted secret in force by turning the link ``..data``, after
    which every file is another one.
    """
    return tuple(_mark(file) for file in files)


def _mark(file: Path) -> tuple[str, ...]:
    try:
        stat = file.stat()
    except OSError as error:
        return (str(file), type(error).__name__)
    numbers = (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
    return (str(file), *map(str, numbers))

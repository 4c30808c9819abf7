"""A package held against the hash that KuFlow gives for it."""

import base64
import binascii
import hashlib
import hmac
import re
from pathlib import Path

from kurun_config import RobotHash
from kurun_robots.errors import EnvironmentUnavailable, PackageInvalid


def check_hash(file: Path, expected: str | None, algorithm: RobotHash) -> None:
    """Insist that a file is the one that was meant. Blocking.

    Args:
        file: The package.
        expected: Its `contentHash`: hexadecimal or Base64, with or without the algorithm's name before it.
        algorithm: What it was made with; nothing is checked with ``NONE``.

    Raises:
        PackageInvalid: It is another file, or the hash is none of this algorithm.
        EnvironmentUnavailable: The file cannot be read.
    """
    if algorithm is RobotHash.NONE:
        return
    try:
        with file.open("rb") as opened:
            actual = hashlib.file_digest(opened, lambda: hashlib.new(algorithm, usedforsecurity=False)).digest()
    except OSError as error:
        raise EnvironmentUnavailable(f"{file}: cannot be read: {error.strerror}") from None
    wanted = _digest(expected or "", algorithm, len(actual))
    if not hmac.compare_digest(wanted, actual):
        raise PackageInvalid(f"the package's {algorithm} is {actual.hex()}, not {wanted.hex()}: another file came")


def _digest(text: str, algorithm: RobotHash, size: int) -> bytes:
    bare = re.sub(rf"^{algorithm}[:=-]", "", text.strip().strip('"'), flags=re.IGNORECASE)
    for decode in (bytes.fromhex, _base64):
        try:
            digest = decode(bare)
        except (ValueError, binascii.Error):
            continue
        if len(digest) == size:
            return digest
    raise PackageInvalid(f"the package's contentHash is no {algorithm}: is robots.content_hash right?")


def _base64(text: str) -> bytes:
    standard = text.rstrip("=").translate(str.maketrans("-_", "+/"))
    return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)

"""A package held against its content hash, whose form KuFlow does not say."""

import base64
import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurun_config import RobotHash
from kurun_robots.errors import EnvironmentUnavailable, PackageInvalid
from kurun_robots.package import check_hash

CONTENT = b"PK" * 1000
ALGORITHMS = [RobotHash.MD5, RobotHash.SHA1, RobotHash.SHA256, RobotHash.SHA512]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file."""
    file = tmp_path_factory.mktemp("hash") / "robot.zip"
    file.write_bytes(CONTENT)
    return file


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_usual_form_is_understood(package: Path, algorithm: RobotHash) -> None:
    """Hexadecimal in either case, Base64 with its two alphabets, with and without a name and quotes."""
    digest = hashlib.new(algorithm, CONTENT, usedforsecurity=False).digest()
    encoded = base64.b64encode(digest).decode()
    forms = [
        digest.hex(),
        digest.hex().upper(),
        encoded,
        encoded.rstrip("="),
        base64.urlsafe_b64encode(digest).decode(),
    ]
    prefixed = [f"{algorithm}:{digest.hex()}", f"{algorithm.upper()}-{encoded}", f'"{digest.hex()}"']

    for form in [*forms, *prefixed]:
        check_hash(package, form, algorithm)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_another_file_is_refused(package: Path, algorithm: RobotHash) -> None:
    """Both hashes are said, so that they can be looked for."""
    other = hashlib.new(algorithm, b"other", usedforsecurity=False).hexdigest()
    mine = hashlib.new(algorithm, CONTENT, usedforsecurity=False).hexdigest()
    with pytest.raises(PackageInvalid) as caught:
        check_hash(package, other, algorithm)

    assert f"the package's {algorithm} is {mine}, not {other}: another file came" == str(caught.value)


@pytest.mark.parametrize("expected", [None, "", "sha256:", "beef", hashlib.sha1(CONTENT).hexdigest(), "é" * 64])  # noqa: S324
def test_a_hash_of_another_algorithm_is_refused(package: Path, expected: str | None) -> None:
    """A setting that does not fit must not look like a check that was passed."""
    with pytest.raises(PackageInvalid, match=r"is no sha256: is robots\.content_hash right\?"):
        check_hash(package, expected, RobotHash.SHA256)


@pytest.mark.parametrize("expected", [None, "", "whatever"])
def test_without_an_algorithm_nothing_is_checked(expected: str | None, tmp_path: Path) -> None:
    """As KuFlow does not document which it is; the file is not even read."""
    check_hash(tmp_path / "none", expected, RobotHash.NONE)


def test_a_file_that_cannot_be_read_is_no_fault_of_the_package(tmp_path: Path) -> None:
    """It may work later."""
    with pytest.raises(EnvironmentUnavailable, match="cannot be read"):
        check_hash(tmp_path / "none", "0" * 64, RobotHash.SHA256)


@given(st.text())
def test_only_the_right_hash_passes(package: Path, expected: str) -> None:
    """No other text, whatever it looks like."""
    with pytest.raises(PackageInvalid):
        check_hash(package, expected, RobotHash.SHA256)

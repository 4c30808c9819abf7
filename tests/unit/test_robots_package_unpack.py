"""Packages are unpacked, as usual tools write them, within limits."""

import os
import resource
import stat
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from kurun_robots.errors import EnvironmentUnavailable, PackageInvalid
from kurun_robots.package import PackageLimits, unpack
from tests.unit.robots_package_bytes import (
    DEFLATED,
    LIMITS,
    MANIFEST_TEXT,
    STORED,
    Raw,
    package_of,
    refusal,
    unpacked,
)

CHUNK = 256 * 1024  # data are read in such pieces


def test_a_package_is_unpacked(tmp_path: Path) -> None:
    """Files, folders and programs, whatever the umask and whatever else the package says of modes."""
    package = package_of(
        Raw("bin/", mode=0o40700),
        Raw("bin/run.sh", b"#!/bin/sh\n", mode=0o104711),
        Raw("data/deep/big", b"abc" * 300_000, DEFLATED, mode=0),
        Raw("empty/", mode=0),
    )
    before = os.umask(0o077)
    try:
        manifest = unpacked(tmp_path, package)
    finally:
        os.umask(before)
    modes = {
        str(each.relative_to(tmp_path / "robot")): stat.S_IMODE(each.stat().st_mode)
        for each in (tmp_path / "robot").rglob("*")
    }

    assert "echo hello" == manifest.operation("Say hello").shell
    assert b"abc" * 300_000 == (tmp_path / "robot" / "data" / "deep" / "big").read_bytes()
    assert 0o755 == stat.S_IMODE((tmp_path / "robot").stat().st_mode)
    assert modes == {
        "kubot.yaml": 0o644,
        "bin": 0o755,
        "bin/run.sh": 0o755,
        "data": 0o755,
        "data/deep": 0o755,
        "data/deep/big": 0o644,
        "empty": 0o755,
    }


@pytest.mark.parametrize("size", [0, 1, 2 * CHUNK, *range(CHUNK - 1, CHUNK + 90, 7)])
@pytest.mark.parametrize("method", [STORED, DEFLATED])
def test_every_size_comes_out_whole(tmp_path: Path, size: int, method: int) -> None:
    """Also where a piece is full, all data are read, and some of the content is still to come."""
    unpacked(tmp_path, package_of(Raw("file", bytes(size), method)))

    assert bytes(size) == (tmp_path / "robot" / "file").read_bytes()


def test_an_empty_target_is_taken_and_a_full_one_left_alone(tmp_path: Path) -> None:
    """Nothing is ever merged into what is there."""
    (tmp_path / "robot").mkdir()
    unpacked(tmp_path, package_of())
    with pytest.raises(EnvironmentUnavailable, match="cannot be unpacked: Directory not empty"):
        unpacked(tmp_path, package_of(Raw("other", b"x")))

    assert ["kubot.yaml"] == [each.name for each in (tmp_path / "robot").iterdir()]
    assert {"robot", "robot.zip"} == {each.name for each in tmp_path.iterdir()}


def test_limits_are_of_the_settings(tmp_path: Path) -> None:
    """Number of files, size of the ZIP, size of the files, each on its own."""
    small = PackageLimits(max_files=2, max_package_bytes=1000, max_unpacked_bytes=1000, max_ratio=200)
    empty = [Raw(f"{number}", b"") for number in range(2)]
    large = Raw("large", bytes(2000), DEFLATED)

    many = "the package has 3 files and folders; at most 2 are allowed (robots.max_files)"
    assert many == refusal(tmp_path, package_of(*empty), small)
    assert "bytes; at most 1000 are allowed" in refusal(tmp_path, package_of(Raw("a", bytes(1000))), small)
    assert "the files of the package have 2054 bytes; at most 1000 are allowed" in refusal(
        tmp_path, package_of(large), small
    )


def test_a_disk_without_room_is_no_fault_of_the_package(tmp_path: Path) -> None:
    """It may work later, elsewhere; and nothing half done stays."""
    (tmp_path / "robot.zip").write_bytes(package_of(Raw("large", bytes(10_000))))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, hard))
    try:
        with pytest.raises(EnvironmentUnavailable, match="cannot be unpacked: File too large"):
            unpack(tmp_path / "robot.zip", tmp_path / "robot", LIMITS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert ["robot.zip"] == [each.name for each in tmp_path.iterdir()]


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    """A pipe, a folder and a file that is not there."""
    os.mkfifo(tmp_path / "pipe")

    for name, error in {"pipe": PackageInvalid, "": PackageInvalid, "none": EnvironmentUnavailable}.items():
        with pytest.raises(error):
            unpack(tmp_path / name, tmp_path / "robot", LIMITS)


@pytest.mark.parametrize("name", ["\N{LATIN SMALL LETTER E WITH ACUTE}", "\N{SNOWMAN}/\N{SNOWMAN}"])
def test_names_are_read_as_they_were_meant(tmp_path: Path, name: str) -> None:
    """With the flag for UTF-8, with Info-ZIP's field, and as plain bytes of a file system that nothing is said of."""
    raw = name.encode()
    garbled = b"?" * len(raw)
    said_again = struct.pack("<2HBL", 0x7075, 5 + len(raw), 1, zlib.crc32(garbled)) + raw
    ways = [
        Raw(raw, b"x", flags=0x0800),
        Raw(raw, b"x"),
        Raw(garbled, b"x", extra=b"UT\1\0a" + said_again),
    ]
    for number, entry in enumerate(ways):
        (tmp_path / f"{number}").mkdir()
        unpacked(tmp_path / f"{number}", package_of(entry))

        assert b"x" == (tmp_path / f"{number}" / "robot" / name).read_bytes()


def test_a_name_in_an_extra_field_is_looked_at_too(tmp_path: Path) -> None:
    """The field cannot lead anywhere that the name could not, and counts only for the name it was made for."""
    evil = b"../evil"
    field = struct.pack("<2HBL", 0x7075, 5 + len(evil), 1, zlib.crc32(b"good")) + evil
    stale = struct.pack("<2HBL", 0x7075, 5 + len(evil), 1, 0) + evil
    cut = struct.pack("<2HB", 0x7075, 400, 1)

    assert "../evil: a name that leads out of its folder" in refusal(tmp_path, package_of(Raw("good", extra=field)))
    unpacked(tmp_path, package_of(Raw("good", extra=stale), Raw("fine", extra=cut), Raw(b"\x82", b"")))
    assert {"kubot.yaml", "good", "fine", "\N{LATIN SMALL LETTER E WITH ACUTE}"} == {
        each.name for each in (tmp_path / "robot").iterdir()
    }


@pytest.mark.parametrize(
    "script",
    [
        "z = ZipFile('../robot.zip', 'w'); z.write('kubot.yaml'); z.write('lib'); z.write('lib/main.py')",
        "z = ZipFile(sys.stdout.buffer, 'w', 8); z.write('kubot.yaml'); z.write('lib/main.py')",
        """z = ZipFile('../robot.zip', 'w', 8); z.write('kubot.yaml')
with z.open('lib/main.py', 'w', force_zip64=True) as f: f.write(open('lib/main.py', 'rb').read())""",
    ],
    ids=["plain", "to a pipe", "ready for large files"],
)
def test_packages_of_usual_tools_are_unpacked(tmp_path: Path, script: str) -> None:
    """Written to a pipe, sizes are open until the data are there; ready for large files, they are elsewhere."""
    (tmp_path / "source" / "lib").mkdir(parents=True)
    (tmp_path / "source" / "kubot.yaml").write_bytes(MANIFEST_TEXT)
    (tmp_path / "source" / "lib" / "main.py").write_text("print('hello')\n" * 100)
    command = [sys.executable, "-c", f"import sys; from zipfile import ZipFile; {script}\nz.close()"]
    ended = subprocess.run(command, cwd=tmp_path / "source", stdout=subprocess.PIPE, check=True)  # noqa: S603
    if ended.stdout:
        (tmp_path / "robot.zip").write_bytes(ended.stdout)
    unpack(tmp_path / "robot.zip", tmp_path / "robot", LIMITS)

    for name in ("kubot.yaml", "lib/main.py"):
        assert (tmp_path / "source" / name).read_bytes() == (tmp_path / "robot" / name).read_bytes()

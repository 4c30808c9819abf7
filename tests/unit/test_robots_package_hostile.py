"""Packages made to do harm, written byte by byte: they are refused, and nothing of them stays."""

import shutil
import struct
import time
import tracemalloc
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kurun_robots.errors import PackageInvalid
from kurun_robots.package import unpack
from tests.unit.robots_package_bytes import (
    DEFLATED,
    LIMITS,
    MANIFEST_ENTRY,
    MANIFEST_TEXT,
    Raw,
    deflated,
    package_of,
    refusal,
    zip_of,
)

BOMB = deflated(bytes(50 * 1024**2))
CHUNK = 256 * 1024  # data are read in such pieces


def as_blocks(content: bytes) -> bytes:
    """Deflated without compression: four blocks, each 5 bytes longer than what it holds."""
    size = len(content) // 4
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    return b"".join(
        struct.pack("<BHH", number == len(pieces), size, size ^ 0xFFFF) + piece
        for number, piece in enumerate(pieces, 1)
    )


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (Raw("../evil"), "../evil: a name that leads out of its folder"),
        (Raw("a/../../evil"), "leads out of its folder"),
        (Raw("a/.."), "leads out of its folder"),
        (Raw("/etc/evil"), "/etc/evil: an absolute path"),
        (Raw("//evil"), "an absolute path"),
        (Raw("a//b"), "parts that are empty or a dot"),
        (Raw("./a"), "parts that are empty or a dot"),
        (Raw(""), "parts that are empty or a dot"),
        (Raw("/"), "an absolute path"),
        (Raw("C:/evil"), "begins with a drive letter"),
        (Raw("c:evil"), "begins with a drive letter"),
        (Raw("a\\b"), "a name with a backslash"),
        (Raw("..\\evil"), "a name with a backslash"),
        (Raw("good\0.sh"), "a name with control characters"),
        (Raw("a\x1b[31m"), "a\N{REPLACEMENT CHARACTER}[31m: a name with control characters"),
        (Raw(b"\xff", flags=0x0800), "a name that is no Unicode"),
        (Raw("x" * 256), "too long"),
        (Raw("/".join(["x" * 200] * 6)), "too long"),
        (Raw("x" * 65_535), "too long"),
        (Raw("a/" * 40 + "b"), "more than 32 folders deep"),
        (Raw("link", b"/etc/passwd", mode=0o120777), "link: a link"),
        (Raw("link", b"/etc/passwd", mode=0o120777, host=0), "link: a link"),
        (Raw("disk", mode=0o060666), "disk: a device"),
        (Raw("tty", mode=0o020666), "tty: a device"),
        (Raw("pipe", mode=0o010666), "pipe: a pipe"),
        (Raw("socket", mode=0o140666), "socket: a socket"),
        (Raw("odd", mode=0o160666), "not by both"),
        (Raw("folder", mode=0o40755), "not by both"),
        (Raw("file/", mode=0o100644), "not by both"),
        (Raw("file/", b"x", mode=0), "not by both"),
        (Raw("secret", b"x", flags=0x0001), "secret: is encrypted"),
        (Raw("secret", b"x", flags=0x0040), "secret: is encrypted"),
        (Raw("secret", b"x", flags=0x2000), "secret: is encrypted"),
        (Raw("a", b"x", method=12), "not known (method 12)"),
        (Raw("a", b"x", method=14), "not known (method 14)"),
        (Raw("bomb", size=50 * 1024**2, method=DEFLATED, data=BOMB), "more than 200 times as large"),
        (Raw("bomb", size=1000, method=DEFLATED, data=BOMB), "bomb: holds more than the 1000 bytes it says"),
        (
            Raw("bomb", size=1000, method=DEFLATED, data=BOMB, checksum=zlib.crc32(bytes(1000))),
            "bomb: holds more than the 1000 bytes it says",
        ),
        (Raw("short", size=9, data=b"abc", packed=3), "is stored, but with another size"),
        (Raw("short", b"abc", DEFLATED, size=9), "short: its data are not those it was packed with"),
        (Raw("changed", b"abc", checksum=1), "changed: its data are not those it was packed with"),
        (Raw("broken", b"abc", DEFLATED, data=b"\xff\xff\xff"), "broken: its data are broken"),
        (Raw("cut", b"abc" * 99, DEFLATED, data=deflated(b"abc" * 99)[:-3]), "cut: its data do not end where it ends"),
        (Raw("long", b"abc", DEFLATED, data=deflated(b"abc") + b"x"), "long: its data do not end where it ends"),
        (
            Raw("long", bytes(CHUNK - 20), DEFLATED, data=as_blocks(bytes(CHUNK - 20)) + b"more"),
            "long: its data do not end where it ends",
        ),
        (
            Raw("long", b"abc", DEFLATED, data=deflated(b"abc") + bytes(300_000)),
            "long: its data do not end where it ends",
        ),
        (Raw("none", b"", DEFLATED, data=b""), "none: its data do not end where it ends"),
    ],
)
def test_a_hostile_entry_is_refused(tmp_path: Path, entry: Raw, said: str) -> None:
    """And the package with it, even where its other files are good."""
    refused = refusal(tmp_path, zip_of(MANIFEST_ENTRY, Raw("good", b"fine"), entry))

    assert said in refused


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["a", "a"], "a: is there twice"),
        (["a/", "a/"], "a: is there twice"),
        (["kubot.yaml"], "kubot.yaml: is there twice"),
        (["a", "A"], "A: differs from another only in case"),
        (["KUBOT.yaml"], "KUBOT.yaml: differs from another only in case"),
        (["stra\N{LATIN SMALL LETTER SHARP S}e", "STRASSE"], "STRASSE: differs from another only in case"),
        (["e\N{COMBINING ACUTE ACCENT}", "\N{LATIN SMALL LETTER E WITH ACUTE}"], "differs from another only in case"),
        (["Lib/a", "lib/b"], "lib: differs from another only in case"),
        (["a", "a/b"], "a: is both a file and a folder"),
        (["a/b/c", "a/b"], "a/b: is both a file and a folder"),
        (["a/", "a"], "a: is there twice"),
    ],
)
def test_names_that_get_in_each_others_way_are_refused(tmp_path: Path, names: list[str], said: str) -> None:
    """Of two files only one would be there, and which one would depend on the system."""
    entries = [Raw(name, mode=0 if name.endswith("/") else 0o100644) for name in names]

    assert said in refusal(tmp_path, package_of(*entries))


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (Raw("good", b"x", local_name=b"evil"), "good is not what the directory says"),
        (Raw("good", b"x", local_size=99), "good is not what the directory says"),
        (Raw("good", b"x", local_method=DEFLATED), "good is not what the directory says"),
        (Raw("good", b"x", header=5), "a record of its directory is not where it should be"),
        (Raw("good", b"x", header=10**6), "a record of its directory is not where it should be"),
        (Raw("good", b"x", packed=10**6), "the data of good reach into what follows"),
        (Raw("good", b"x", header=0xFFFFFFFF), "is larger than 4 GiB"),
        (Raw("good", size=0xFFFFFFFF), "is larger than 4 GiB"),
    ],
)
def test_headers_that_contradict_each_other_are_refused(tmp_path: Path, entry: Raw, said: str) -> None:
    """What one program looked at must not be something else for another."""
    assert said in refusal(tmp_path, package_of(entry))


def test_data_that_several_entries_share_are_refused(tmp_path: Path) -> None:
    """A bomb without much compression: each of its files has the whole of the package."""
    twice = zip_of(MANIFEST_ENTRY, Raw("a", b"x"), Raw("a", b"x", header=len(MANIFEST_ENTRY.local())))
    inner = Raw("inner", bytes(100))
    outer = Raw("outer", inner.local())
    start = len(MANIFEST_ENTRY.local()) + len(outer.local()) - len(outer.content)
    nested = zip_of(MANIFEST_ENTRY, outer, replace(inner, header=start))

    assert "the data of a reach into what follows" in refusal(tmp_path, twice)
    assert "the data of outer reach into what follows" in refusal(tmp_path, nested)


@pytest.mark.parametrize(
    ("package", "said"),
    [
        (b"", "the package is no ZIP"),
        (b"PK\5\6", "the package is no ZIP"),
        (b"operations: []", "the package is no ZIP"),
        (package_of()[:-30], "the package is no ZIP"),
        (b"MZ" + package_of(), "something before, behind or between"),
        (package_of() + b"more", "something before, behind or between"),
        (zip_of(MANIFEST_ENTRY, count=2), "a record of its directory is not where it should be"),
        (zip_of(MANIFEST_ENTRY, Raw("a"), count=1), "its directory is not as long as it says"),
        (zip_of(MANIFEST_ENTRY, disk=1), "split"),
        (zip_of(MANIFEST_ENTRY, count=0xFFFF), "ZIP64"),
        (zip_of(count=0), "kubot.yaml: there is no such file, and every package needs one"),
        (
            zip_of(Raw("robot/kubot.yaml", MANIFEST_TEXT)),
            "robot/kubot.yaml: is in the folder 'robot'; it has to be at the root",
        ),
        (zip_of(Raw("kubot.yml", MANIFEST_TEXT)), "kubot.yml: has to be called kubot.yaml"),
        (zip_of(Raw("kubot.yaml", b"operations: []")), "kubot.yaml:1: operations: at least one is wanted"),
        (zip_of(Raw("kubot.yaml", b"#" * 10**6, DEFLATED)), "kubot.yaml: is larger than 65536 bytes"),
    ],
)
def test_what_is_no_package_is_refused(tmp_path: Path, package: bytes, said: str) -> None:
    """No ZIP, a ZIP with something hidden, or one without a manifest."""
    assert said in refusal(tmp_path, package)


def test_a_hundred_thousand_entries_cost_nothing(tmp_path: Path) -> None:
    """They are counted by what the end of the ZIP says, and by no more of its directory than is allowed."""
    many = [Raw(f"{number}") for number in range(100_000)]
    said = [zip_of(MANIFEST_ENTRY, *many, count=count) for count in (100_001, 60_000, 10_000)]
    refusals = []
    tracemalloc.start()
    began = time.process_time()
    for package in said:
        (tmp_path / "robot.zip").write_bytes(package)
        with pytest.raises(PackageInvalid) as caught:
            unpack(tmp_path / "robot.zip", tmp_path / "robot", LIMITS)
        refusals.append(str(caught.value))
    spent, (_, most) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert ["robot.zip"] == [each.name for each in tmp_path.iterdir()]
    assert "the package has 34465 files and folders; at most 10000 are allowed (robots.max_files)" == refusals[0]
    assert "the package has 60000 files and folders" in refusals[1]
    assert "its directory is not as long as it says" in refusals[2]
    assert most < 32 * 1024**2
    assert spent < 10


def test_a_bomb_takes_no_memory(tmp_path: Path) -> None:
    """Whatever the data say, a piece at a time comes out, and no more than is said."""
    limits = replace(LIMITS, max_ratio=2000)
    honest = Raw("bomb", method=DEFLATED, data=BOMB, size=50 * 1024**2, checksum=zlib.crc32(bytes(50 * 1024**2)))
    (tmp_path / "robot.zip").write_bytes(package_of(honest))
    tracemalloc.start()
    unpack(tmp_path / "robot.zip", tmp_path / "robot", limits)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert 50 * 1024**2 == (tmp_path / "robot" / "bomb").stat().st_size
    assert most < 8 * 1024**2


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(data=st.data())
def test_a_damaged_package_is_refused_or_whole(tmp_path: Path, data: st.DataObject) -> None:
    """Whatever bytes are changed, nothing but a refusal or the very same files comes of it."""
    original = package_of(Raw("lib/a.txt", b"abc" * 50, DEFLATED), Raw("run.sh", b"echo", mode=0o100755))
    changed = bytearray(original)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(changed) - 1))
        changed[at] = data.draw(st.integers(0, 255))
    package = bytes(changed[: data.draw(st.sampled_from([len(changed), len(changed) - 1]))])
    folder = tmp_path / "robot"
    (tmp_path / "robot.zip").write_bytes(package)
    try:
        unpack(tmp_path / "robot.zip", folder, LIMITS)
    except PackageInvalid:
        assert ["robot.zip"] == [each.name for each in tmp_path.iterdir()]
        return
    contents = sorted(each.read_bytes() for each in folder.rglob("*") if each.is_file())
    shutil.rmtree(folder)

    assert sorted([MANIFEST_TEXT, b"abc" * 50, b"echo"]) == contents

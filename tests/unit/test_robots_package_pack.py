"""Packages are made of folders: reproducibly, without what does not belong, and such that they can be unpacked."""

import hashlib
import os
import shutil
import socket
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kurun_robots.package import PackageLimits, PackageProblems, PackedSummary, check, pack, unpack
from tests.unit.robots_package_bytes import LIMITS, MANIFEST_TEXT

parts = st.text(st.sampled_from("aAbB.-_ é☃"), min_size=1, max_size=6).filter(lambda part: set(part) != {"."})
trees = st.dictionaries(
    st.lists(parts, min_size=1, max_size=3).map("/".join),
    st.tuples(st.one_of(st.binary(max_size=300), st.just(bytes(1024**2 + 1))), st.booleans()),
    max_size=6,
)


def written(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """A folder with a manifest and files; those that end with a slash are empty folders."""
    for name, content in {"kubot.yaml": MANIFEST_TEXT, **files}.items():
        path = folder / name
        if name.endswith("/"):
            path.mkdir(parents=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def packed(folder: Path, files: Mapping[str, str | bytes]) -> PackedSummary:
    """Pack ``folder / "source"`` into ``folder / "robot.zip"``."""
    return pack(written(folder / "source", files), folder / "robot.zip")


def refusal(folder: Path, limits: PackageLimits = LIMITS) -> list[str]:
    """Why ``folder / "source"`` is not packed; checks that nothing is left and that ``check`` says the same."""
    before = set(folder.iterdir())
    with pytest.raises(PackageProblems) as caught:
        pack(folder / "source", folder / "robot.zip", limits)
    assert before == set(folder.iterdir())
    assert list(caught.value.problems) == check(folder / "source", limits)
    return [str(problem) for problem in caught.value.problems]


def test_the_summary_says_what_was_packed(tmp_path: Path) -> None:
    """And its hash is that of the file."""
    summary = packed(tmp_path, {"main.py": "print()\n", "__pycache__/main.pyc": "x", "data/": "", ".env": "SECRET=1"})
    content = (tmp_path / "robot.zip").read_bytes()

    assert ("data/", "kubot.yaml", "main.py") == summary.files
    assert (".env", "__pycache__/") == summary.left_out
    assert len(MANIFEST_TEXT) + 8 == summary.unpacked_bytes
    assert (len(content), hashlib.sha256(content).hexdigest()) == (summary.packed_bytes, summary.sha256)
    assert [] == check(tmp_path / "robot.zip")


def test_the_same_content_makes_the_same_bytes(tmp_path: Path) -> None:
    """Whenever and in whatever order files were made, with whatever rights their group has, wherever they lie."""
    files = {"b.py": "b", "a/c.py": "c", "run.sh": "#!/bin/sh"}
    first = written(tmp_path / "first", files)
    second = written(tmp_path / "second", dict(reversed(files.items())))
    (first / "run.sh").chmod(0o700)
    (second / "run.sh").chmod(0o755)
    (second / "b.py").chmod(0o600)
    os.utime(second / "b.py", (0, 0))
    summaries = [pack(folder, folder.with_suffix(".zip")) for folder in (first, second)]
    with zipfile.ZipFile(tmp_path / "first.zip") as package:
        modes = {each.filename: (each.external_attr >> 16, each.date_time[0]) for each in package.infolist()}

    assert summaries[0] == summaries[1]
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()
    assert {"run.sh": (0o100755, 1980), "b.py": (0o100644, 1980)}.items() <= modes.items()


def test_a_package_in_its_own_folder_is_no_part_of_it(tmp_path: Path) -> None:
    """Packing again makes the same bytes, however the folder is named."""
    source = written(tmp_path / "source", {"main.py": "print()"})
    (tmp_path / "link").symlink_to(source)
    first = pack(source, source / "robot.zip")
    again = pack(tmp_path / "link", source / "robot.zip")

    assert first == again
    assert "robot.zip" not in first.files


def test_patterns_leave_files_out(tmp_path: Path) -> None:
    """Names in every folder, paths from the root, folders only; what is left out may be a link or anything else."""
    ignore = "# tests\n*.log\n/tests/data\n\ndocs/\n  notes-[0-9].md \n"
    files = {
        ".kubotignore": ignore, "a.log": "", "deep/b.log": "", "tests/data/x": "", "tests/x.py": "", "deep/docs/x": "",
        "docs": "", "notes-1.md": "", "notes-x.md": "", "deep/tests/data/x": "", ".venv/bin/python": "",
    }  # fmt: skip
    written(tmp_path / "source", files)
    (tmp_path / "source" / "link.log").symlink_to("/etc/passwd")
    summary = pack(tmp_path / "source", tmp_path / "robot.zip")

    assert summary.files == ("deep/tests/data/x", "docs", "kubot.yaml", "notes-x.md", "tests/x.py")
    assert sorted(summary.left_out) == [
        ".kubotignore", ".venv/", "a.log", "deep/b.log", "deep/docs/", "link.log", "notes-1.md", "tests/data/",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("ignore", "said"),
    [
        (b"*.log\n!a.log\n", ".kubotignore:2: patterns that begin with ! are not supported"),
        (b"\xff", ".kubotignore: not UTF-8 text"),
        (b"a\n" * 1001, ".kubotignore: longer than 1000 lines or 65536 bytes"),
        (b"a" * 65_537, ".kubotignore: longer than 1000 lines or 65536 bytes"),
    ],
)
def test_patterns_that_would_be_misunderstood_are_refused(tmp_path: Path, ignore: bytes, said: str) -> None:
    """Better than to pack what should have been left out."""
    written(tmp_path / "source", {".kubotignore": ignore})

    assert [said] == refusal(tmp_path)


def test_everything_that_cannot_be_packed_is_said_at_once(tmp_path: Path) -> None:
    """Links, pipes, sockets, names that are not the same everywhere, and the manifest's mistakes."""
    source = written(tmp_path / "source", {"a/x": "", "A/y": "", "back\\slash": ""})
    (source / "kubot.yaml").write_text("operations: []\ntool: {}")
    (source / "link").symlink_to("kubot.yaml")
    (source / "dangling").symlink_to("none")
    (source / "loop").symlink_to(".")
    os.mkfifo(source / "pipe")
    with socket.socket(socket.AF_UNIX) as bound, tempfile.TemporaryDirectory() as short:
        bound.bind(f"{short}/s")
        shutil.move(f"{short}/s", source / "socket")
        (Path(os.fsdecode(bytes(source) + b"/\xff"))).touch()
        said = refusal(tmp_path)

    assert said == [
        "back\\slash: a name with a backslash: packages have slashes between folders",
        "dangling: a link: packages hold files and folders only",
        "link: a link: packages hold files and folders only",
        "loop: a link: packages hold files and folders only",
        "pipe: is neither a file nor a folder",
        "socket: is neither a file nor a folder",
        "\N{REPLACEMENT CHARACTER}: a name that is no Unicode",
        "a: differs from another only in case",
        "kubot.yaml:1: operations: at least one is wanted",
        "kubot.yaml:2: tool: no such key; is tools meant?",
    ]


def test_a_folder_without_a_manifest_is_no_robot(tmp_path: Path) -> None:
    """If it is elsewhere, that is said."""
    (tmp_path / "source").mkdir()
    none = refusal(tmp_path)
    written(tmp_path / "source" / "inner", {})

    assert none == ["kubot.yaml: there is no such file, and every package needs one"]
    assert refusal(tmp_path) == ["inner/kubot.yaml: is in the folder 'inner'; it has to be at the root"]


def test_limits_are_kept_and_the_old_package_too(tmp_path: Path) -> None:
    """Number, size together and size of the ZIP; a package that was there stays as it was."""
    written(tmp_path / "source", {"a": os.urandom(3000), "b": ""})
    (tmp_path / "robot.zip").write_bytes(b"old")

    assert refusal(tmp_path, PackageLimits(2, 9999, 9999, 200)) == [
        "the package has more than 2 files and folders (robots.max_files)"
    ]
    size = f"{3000 + len(MANIFEST_TEXT)} bytes; at most 2000 are allowed (robots.max_unpacked_bytes)"
    assert refusal(tmp_path, PackageLimits(3, 9999, 2000, 200)) == [
        f"the files of the package have {size}; the largest is a"
    ]
    with pytest.raises(PackageProblems, match="bytes; at most 2000 are allowed"):
        pack(tmp_path / "source", tmp_path / "robot.zip", PackageLimits(3, 2000, 9999, 200))
    assert {"source", "robot.zip"} == {each.name for each in tmp_path.iterdir()}
    assert b"old" == (tmp_path / "robot.zip").read_bytes()


@settings(max_examples=50)
@given(trees)
def test_what_is_packed_is_unpacked(tree: dict[str, tuple[bytes, bool]]) -> None:
    """Names, contents and programs come back, even a file that compresses like a bomb; or the reason is said."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = written(folder / "source", {})
        for path, (content, is_program) in tree.items():
            try:
                written(source, {path: content})
            except (FileExistsError, NotADirectoryError, IsADirectoryError):
                continue  # a file where another has a folder
            (source / path).chmod(0o755 if is_program else 0o644)
        if problems := check(source):
            assert all("only in case" in problem.message for problem in problems)
            return
        pack(source, folder / "robot.zip")
        manifest = unpack(folder / "robot.zip", folder / "robot", LIMITS)

        assert "Say hello" == manifest.operations[0].name
        assert contents(source) == contents(folder / "robot")


def contents(folder: Path) -> dict[str, tuple[bytes, bool] | None]:
    """Every file and folder."""
    return {
        str(each.relative_to(folder)): (each.read_bytes(), bool(each.stat().st_mode & 0o100))
        if each.is_file()
        else None
        for each in folder.rglob("*")
    }

"""Local files: inside the worker's document folders, and nothing outside them."""

import os
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError

from kurun_activities.failure_types import VALIDATION_FAILURE
from kurun_activities.local_files import NewFile, open_for_reading

OWNER = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A document folder with a file, beside a secret and a folder whose name begins alike."""
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "letter.txt").write_text("hello")
    (tmp_path / "secret.txt").write_text("hunter2")
    (tmp_path / "documents-private").mkdir()
    (tmp_path / "documents-private" / "letter.txt").write_text("hunter2")
    return folder


def read(path: str, *roots: Path) -> bytes:
    """What a file inside the folders holds."""
    with open_for_reading(path, roots) as file:
        return file.read()


def refusal(path: str, *roots: Path) -> str:
    """Why a file is not opened."""
    with pytest.raises(ApplicationError) as caught:
        open_for_reading(path, roots)
    assert (caught.value.type, caught.value.non_retryable) == (VALIDATION_FAILURE, True)
    return caught.value.message


def test_files_inside_a_folder_are_read(root: Path, tmp_path: Path) -> None:
    """A path may be absolute or relative to any of the folders."""
    (tmp_path / "second").mkdir()

    paths = [str(root / "letter.txt"), "letter.txt", "./letter.txt", "sub/../letter.txt"]
    (root / "sub").mkdir()

    assert [read(path, tmp_path / "second", root) for path in paths] == [b"hello"] * 4


def test_a_link_that_stays_inside_is_followed(root: Path) -> None:
    """Links are fine as long as they lead to a file in a document folder."""
    (root / "latest.txt").symlink_to("letter.txt")

    assert read("latest.txt", root) == b"hello"


def test_a_document_folder_may_be_a_link(root: Path, tmp_path: Path) -> None:
    """The operator's own link to a document folder is the operator's decision."""
    (tmp_path / "mounted").symlink_to(root)

    assert read(str(tmp_path / "mounted" / "letter.txt"), tmp_path / "mounted") == b"hello"


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "sub/../../secret.txt",
        "../documents-private/letter.txt",
        "/etc/passwd",
        "out/secret.txt",
        "link-to-secret",
        "dangling",
        "loop",
        "nul\0byte",
        "../does-not-exist",
    ],
)
def test_what_lies_outside_is_refused(root: Path, tmp_path: Path, path: str) -> None:
    """Neither dots nor links nor odd names lead out; whether something is there outside is not told."""
    (root / "sub").mkdir()
    (root / "out").symlink_to(tmp_path)
    (root / "link-to-secret").symlink_to(tmp_path / "secret.txt")
    (root / "dangling").symlink_to(tmp_path / "not-there")
    (root / "loop").symlink_to("loop")

    assert refusal(path, root) == f"{path}: not inside the worker's document folders (KURUN_DOCUMENTS_ROOTS)"


def test_without_folders_nothing_is_read(root: Path) -> None:
    """A worker without document folders reads no local files."""
    assert "not inside" in refusal(str(root / "letter.txt"))


def test_only_regular_files_are_read(root: Path) -> None:
    """A folder, a pipe that would block for ever and a missing file are refused at once."""
    os.mkfifo(root / "pipe")

    refusals = [refusal(path, root) for path in (".", "pipe", "missing.txt", "letter.txt/x")]

    expected = [".: not a regular file", "pipe: not a regular file"]
    assert [*expected, "missing.txt: no such file", "letter.txt/x: no such file"] == refusals


def written(root: Path, path: str, *, attempt: int = 1, content: bytes = b"new") -> Path:
    """Write a file as a download does."""
    file = NewFile(path, [root], owner=OWNER, attempt=attempt)
    file.write(content)
    file.commit()
    file.close()
    return file.path


def names(folder: Path) -> list[str]:
    """Everything in a folder, hidden files too."""
    return sorted(entry.name for entry in folder.iterdir())


def test_a_new_file_appears_when_it_is_whole(root: Path) -> None:
    """Until the end there is nothing under its name, then all of it, and no leftover."""
    file = NewFile("new.txt", [root], owner=OWNER, attempt=1)
    file.write(b"ne")
    before = (root / "new.txt").exists()
    file.write(b"w")
    file.commit()
    file.close()

    assert (before, (root / "new.txt").read_bytes(), file.size) == (False, b"new", 3)
    assert names(root) == ["letter.txt", "new.txt"]


def test_an_abandoned_file_leaves_nothing(root: Path) -> None:
    """What was not committed is gone, and what stood there before is untouched."""
    file = NewFile("letter.txt", [root], owner=OWNER, attempt=1)
    file.write(b"half")
    file.close()

    assert (names(root), (root / "letter.txt").read_text()) == (["letter.txt"], "hello")


def test_a_retry_clears_up_after_a_killed_attempt(root: Path) -> None:
    """The part that a killed attempt left behind is removed by the next one, others' parts are not."""
    killed = NewFile("new.txt", [root], owner=OWNER, attempt=1)
    killed.write(b"half")
    killed._file.flush()
    other = NewFile("other.txt", [root], owner="f" * 32, attempt=1)

    written(root, "new.txt", attempt=2)

    assert [f".{'f' * 32}.1.part", "letter.txt", "new.txt"] == names(root)
    other.close()
    killed.close()


def test_an_existing_file_is_replaced(root: Path) -> None:
    """Writing again gives the same result: that is what makes a download repeatable."""
    written(root, "letter.txt", content=b"first")
    written(root, "letter.txt", content=b"second")

    assert (root / "letter.txt").read_bytes() == b"second"


def test_a_link_is_replaced_and_not_followed(root: Path, tmp_path: Path) -> None:
    """A link in the place of the new file does not let it out of the folder."""
    (root / "new.txt").symlink_to(tmp_path / "secret.txt")

    written(root, "new.txt")

    assert ((tmp_path / "secret.txt").read_text(), (root / "new.txt").read_bytes()) == ("hunter2", b"new")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("../new.txt", "not inside"),
        ("out/new.txt", "not inside"),
        ("/tmp/new.txt", "not inside"),  # noqa: S108 - it is refused
        ("missing/new.txt", "folder does not exist"),
        ("letter.txt/new.txt", "folder does not exist"),
        ("folder", "is a folder"),
        ("..", "names no file"),
        ("/", "names no file"),
    ],
)
def test_a_place_that_is_not_allowed_is_refused(root: Path, tmp_path: Path, path: str, reason: str) -> None:
    """A file is written only into an existing folder inside a document folder; nothing is left behind."""
    (root / "out").symlink_to(tmp_path)
    (root / "folder").mkdir()
    before = names(root)

    with pytest.raises(ApplicationError, match=reason) as caught:
        NewFile(path, [root], owner=OWNER, attempt=1)

    assert (caught.value.type, caught.value.non_retryable) == (VALIDATION_FAILURE, True)
    assert before == names(root)

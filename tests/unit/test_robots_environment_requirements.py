"""Requirements of robots: what uv gets to read of them, and what is refused."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kurun_robots.environment import Requirements
from kurun_robots.errors import EnvironmentInvalid


def package(folder: Path, text: str, files: Mapping[str, str] | None = None) -> Path:
    """A package with requirements and other files."""
    for name, content in {"requirements.txt": text, **(files or {})}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, newline="")
    return folder


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", ()),
        ("# nothing\n\n", ()),
        ("one\ntwo>=2,<3  # why\n", ("one", "two>=2,<3")),
        ("\ufeffone\r\ntwo", ("one", "two")),
        (
            "a.b-c_d (>=1.0,<2)\ne [x , y] ~= 1!2.0rc1.post2.dev3+local.1 , != 1.*\nf===any\ng==v1,",
            ("a.b-c_d (>=1.0,<2)", "e [x , y] ~= 1!2.0rc1.post2.dev3+local.1 , != 1.*", "f===any", "g==v1,"),
        ),
        ("one[extra]==1 ; python_version > '3.8'", ("one[extra]==1 ; python_version > '3.8'",)),
        ("one==1 \\\n  --hash=sha256:00 \\\n  --hash=sha256:11", ("one==1 --hash=sha256:00 --hash=sha256:11",)),
        ("one @ https://host/one.whl#sha256=00", ("one @ https://host/one.whl#sha256=00",)),
        ("git+https://host/one.git@main#egg=one", ("git+https://host/one.git@main#egg=one",)),
        (
            "--index-url=https://host/simple\n-i https://other/",
            ("--index-url https://host/simple", "--index-url https://other/"),
        ),
        ("--no-index\n--pre\n--only-binary :all:", ("--no-index", "--pre", "--only-binary :all:")),
        ("--trusted-host host\n--prefer-binary\none", ("one",)),
    ],
)
def test_understood(tmp_path: Path, text: str, wanted: tuple[str, ...]) -> None:
    """Requirements come through one a line, without comments."""
    found = Requirements.of(package(tmp_path, text))

    assert (wanted, (), False) == (found.wanted, found.constraints, found.uses_package)
    assert bool(wanted) == bool(found)


def test_none(tmp_path: Path) -> None:
    """A package without the file requires nothing."""
    assert Requirements() == Requirements.of(tmp_path)


def test_includes(tmp_path: Path) -> None:
    """Other files of the package are read in their place, each once, constraints apart from requirements."""
    files = {
        "a/one.txt": "one\n-r ../b.txt\n-c held.txt\n",
        "b.txt": "two\n-r requirements.txt\n",
        "a/held.txt": "one<2\n",
    }
    found = Requirements.of(package(tmp_path, "-ra/one.txt\n--requirement b.txt\nthree\n", files))

    assert (("one", "two", "three"), ("one<2",)) == (found.wanted, found.constraints)
    assert ["a/held.txt", "a/one.txt", "b.txt", "requirements.txt"] == list(found.files)


def test_files_of_the_package(tmp_path: Path) -> None:
    """Files of the package are named so that uv finds them from anywhere."""
    files = {"wheels/one-1-py3-none-any.whl": "", "two/setup.py": ""}
    text = "./wheels/one-1-py3-none-any.whl\ntwo @ ./two\n./two[extra]\n--find-links wheels\n"
    found = Requirements.of(package(tmp_path, text, files))

    assert found.uses_package
    assert (
        f"file://{tmp_path}/wheels/one-1-py3-none-any.whl",
        f"two @ file://{tmp_path}/two",
        f"file://{tmp_path}/two[extra]",
        f"--find-links file://{tmp_path}/wheels",
    ) == found.wanted


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("-r /etc/passwd", "lies outside the package"),
        ("-r ../other.txt", "lies outside the package"),
        ("-c deeper/../../other.txt", "lies outside the package"),
        ("--requirement=nosuch.txt", "the package has no 'nosuch.txt'"),
        ("-r", "lies outside the package"),
        ("-r http://host/requirements.txt", "the package has no"),
        ("-r .", "is no file"),
        ("/etc/one-1-py3-none-any.whl", "lies outside the package"),
        ("../one-1-py3-none-any.whl", "lies outside the package"),
        ("one @ /etc", "lies outside the package"),
        ("one @ file:///etc/passwd", "file: is not supported"),
        ("file:one.whl", "file: is not supported"),
        ("git+ssh://git@host/one.git", r"git\+ssh: is not supported"),
        ("git+file:///srv/one.git", r"git\+file: is not supported"),
        ("--find-links /etc", "lies outside the package"),
        ("-f file:///etc", "file: is not supported"),
        ("--index-url file:///etc", "file: is not supported"),
        ("--extra-index-url ftp://host", "ftp: is not supported"),
        ("-e ./one", "an environment is shared by many runs"),
        ("--editable=./one", "an environment is shared by many runs"),
        ("--config-settings x=y", "--config-settings is not supported"),
        ("one --config-settings=x=y", "no other option than --hash"),
        ("one==1 --hash=sha256:00 --global-option=x", "no other option than --hash"),
        ("'one'", "is no requirement"),
        ("hu manize===", "is no requirement"),
        ("one two", "is no requirement"),
        ("one==", "is no requirement"),
        ("one>=x", "is no requirement"),
        ("one==1 two", "is no requirement"),
        ("one==1,,<2", "is no requirement"),
        ("ﬁle", "is no requirement"),
        ("https://host/${SECRET}/one.whl", "environment variables are not filled in"),
        ("one\x1b[2J", "has control characters"),
    ],
)
def test_refused(tmp_path: Path, line: str, words: str) -> None:
    """What leads out of the package, or is not for shared environments, is refused with file and line."""
    (tmp_path / "package").mkdir()
    (tmp_path / "other.txt").write_text("secret")

    with pytest.raises(EnvironmentInvalid, match=rf"^(requirements\.txt:3: .*{words}|\.: {words})"):
        Requirements.of(package(tmp_path / "package", f"first\n\n{line}\n"))


def test_links_out(tmp_path: Path) -> None:
    """A link that leads out of the package is no file of it."""
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "requirements.txt").symlink_to(tmp_path / "secret.txt")

    with pytest.raises(EnvironmentInvalid, match=r"requirements\.txt: is a link"):
        Requirements.of(folder)


def test_too_long(tmp_path: Path) -> None:
    """A file or a chain of files without end is refused."""
    with pytest.raises(EnvironmentInvalid, match="is longer than"):
        Requirements.of(package(tmp_path, "#" * 2_000_000))
    chain = {f"r{number}.txt": f"-r r{number + 1}.txt\n" for number in range(100)}
    with pytest.raises(EnvironmentInvalid, match="names too many other files"):
        Requirements.of(package(tmp_path, "-r r0.txt\n", chain))


def test_no_text(tmp_path: Path) -> None:
    """What is no text is refused."""
    (tmp_path / "requirements.txt").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(EnvironmentInvalid, match=r"requirements\.txt: is no UTF-8 text"):
        Requirements.of(tmp_path)


PIECES = st.sampled_from(
    [
        "-r ",
        "-c",
        "-e ",
        "-f",
        "--find-links=",
        "one",
        " @ ",
        "/etc/passwd",
        "../x",
        "file:",
        "//",
        "\\",
        "\n",
        "\r",
        "#",
        "\x0c",
        "\u2028",
        "${HOME}",
        " --hash=sha256:00",
        "; ",
        "'",
        '"',
        "https://host/",
        "git+",
        "\t",
        "inside.txt",
        ".",
    ]
)


@given(pieces=st.lists(PIECES, max_size=12))
@example(pieces=["https://host/", " @ ", "/etc/passwd"])
def test_nothing_leads_out(tmp_path_factory: pytest.TempPathFactory, pieces: list[str]) -> None:
    """Whatever is written: it is refused, or uv gets single lines that name nothing outside the package."""
    folder = package(tmp_path_factory.mktemp("p") / "package", "", {"inside.txt": "one\n"})
    (folder / "requirements.txt").write_text("".join(pieces), newline="")
    try:
        found = Requirements.of(folder)
    except EnvironmentInvalid:
        return
    for line in (*found.wanted, *found.constraints):
        assert line.isprintable()
        assert "${HOME}" not in line
        assert not line.startswith(("-r", "-c", "-e", "/", ".."))
        bare = line.replace(folder.as_uri(), "PACKAGE").replace("https://host/", "")
        assert "file:" not in bare.partition(";")[0]
        assert not bare.partition(" @ ")[2].startswith(("/", ".."))

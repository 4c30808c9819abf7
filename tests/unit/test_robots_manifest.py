"""The manifest of a robot's package."""

import math
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kurun_robots.errors import PackageInvalid
from kurun_robots.package import Manifest, PackageProblems, read_manifest
from kurun_robots.package.reading import MAX_MANIFEST_BYTES, parse_manifest

PUBLISHED = b"""
#
# kubot.yaml manifest
#
operations:
  - name: Desktop screenshot to User's Home
    shell: >-
      python -m robocorp.tasks run tasks.py
      --output-dir ${KUFLOW_EXECUTION_OUTDIR} -t run_robot

  - name: Other
    shell: python other.py

tools:
  python: 3.11.4
  nodejs: 20

post-install:
  - name: Install dependencies
    shell: pip install -r requirements.txt
"""
OPERATIONS = "operations:\n  - name: A\n    shell: run\n"

shown = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=50)
steps = st.fixed_dictionaries({"name": shown, "shell": shown})
manifests = st.fixed_dictionaries(
    {"operations": st.lists(steps, min_size=1, max_size=5, unique_by=lambda step: step["name"])},
    optional={
        "tools": st.fixed_dictionaries({}, optional={"python": st.just("3.10"), "nodejs": st.just("20")}),
        "post-install": st.lists(steps, max_size=3),
    },
)


def problems(text: str | bytes) -> list[str]:
    """What is wrong with a manifest."""
    with pytest.raises(PackageProblems) as caught:
        parse_manifest(text.encode() if isinstance(text, str) else text)
    assert str(caught.value).startswith(str(caught.value.problems[0]))
    return [str(problem) for problem in caught.value.problems]


def test_a_published_manifest_is_read() -> None:
    """Folded command lines are one line, and names are kept as they are."""
    manifest = parse_manifest(PUBLISHED)

    assert "3.11.4" == manifest.tools.python
    assert "20" == manifest.tools.nodejs
    assert ["Install dependencies"] == [step.name for step in manifest.post_install]
    assert manifest.operation("Desktop screenshot to User's Home").shell == (
        "python -m robocorp.tasks run tasks.py --output-dir ${KUFLOW_EXECUTION_OUTDIR} -t run_robot"
    )


@pytest.mark.parametrize(
    ("written", "read"), [("3.10", "3.10"), ("3", "3"), ("'3.12'", "3.12"), ("3.13.0rc1", "3.13.0rc1"), ("", None)]
)
def test_a_version_is_what_is_written(written: str, read: str | None) -> None:
    """3.10 is not the number 3.1, quoted or not; nothing at all asks for nothing."""
    assert read == parse_manifest(f"{OPERATIONS}tools:\n  python: {written}\n".encode()).tools.python


def test_words_are_no_booleans() -> None:
    """A command may be called ``true``, an operation ``Yes`` or 404."""
    manifest = parse_manifest(b"operations: [{name: Yes, shell: true}, {name: 404, shell: 2024-01-01}]")

    assert [("Yes", "true"), ("404", "2024-01-01")] == [(each.name, each.shell) for each in manifest.operations]


def test_what_is_optional_may_be_empty() -> None:
    """A key without a value says as little as no key."""
    assert parse_manifest(OPERATIONS.encode()) == parse_manifest(f"{OPERATIONS}tools:\npost-install:\n".encode())


def test_an_unknown_operation_names_the_known_ones() -> None:
    """Whoever started the robot sees what could be meant."""
    with pytest.raises(PackageInvalid, match=r"no operation 'Say \ufffd'; it has 'A'$"):
        parse_manifest(OPERATIONS.encode()).operation("Say \x1b")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (OPERATIONS + "tool: {}", ["kubot.yaml:4: tool: no such key; is tools meant?"]),
        (OPERATIONS + "post_install: []", ["kubot.yaml:4: post_install: no such key; is post-install meant?"]),
        (OPERATIONS + "x: 1", ["kubot.yaml:4: x: no such key; known: operations, tools, post-install"]),
        (OPERATIONS + "tools:\n  java: 21", ["kubot.yaml:5: tools.java: no such key; known: python, nodejs"]),
        (OPERATIONS + "tools: [python]", ["kubot.yaml:4: tools: a mapping is wanted"]),
        (OPERATIONS + "tools: {python: '>=3.11'}", ["kubot.yaml:4: tools.python: a version such as 3.11.4 is wanted"]),
        (OPERATIONS + "tools: {python: \u0663}", ["kubot.yaml:4: tools.python: a version such as 3.11.4 is wanted"]),
        (OPERATIONS + "tools: {python: 9.9}", ["kubot.yaml:4: tools.python: a version such as 3.11.4 is wanted"]),
        (OPERATIONS + "tools: {python: -h}", ["kubot.yaml:4: tools.python: a version such as 3.11.4 is wanted"]),
        (
            OPERATIONS + 'tools: {python: "3\\n"}',
            ["kubot.yaml:4: tools.python: a version such as 3.11.4 is wanted"],
        ),
        (OPERATIONS + "post-install: {name: B, shell: b}", ["kubot.yaml:4: post-install: a list is wanted"]),
        (OPERATIONS + "  - name: A\n    shell: b", ["kubot.yaml:4: operations.1.name: 'A' is there twice"]),
        ("operations: []", ["kubot.yaml:1: operations: at least one is wanted"]),
        ("tools: {}", ["kubot.yaml:1: operations: is missing"]),
        ("operations:", ["kubot.yaml:1: operations: a list is wanted"]),
        (
            "operations:\n - name: A\n   shel: a\n - nam: B\n   shell: [b]",
            [
                "kubot.yaml:2: operations.0.shell: is missing",
                "kubot.yaml:3: operations.0.shel: no such key; is shell meant?",
                "kubot.yaml:4: operations.1.name: is missing",
                "kubot.yaml:4: operations.1.nam: no such key; is name meant?",
                "kubot.yaml:5: operations.1.shell: a text is wanted",
            ],
        ),
        ("operations:\n - name: A\n   shell: >-\n    ", ["kubot.yaml:3: operations.0.shell: is empty"]),
        (
            'operations: [{name: "a\\u001b[31m", shell: b}]',
            ["kubot.yaml:1: operations.0.name: one line of text without control characters is wanted"],
        ),
        (
            'operations: [{name: a, shell: "b\\0"}]',
            ["kubot.yaml:1: operations.0.shell: a command cannot hold NUL, nor what is no Unicode"],
        ),
        (
            'operations: [{name: a, shell: "\\ud800"}]',
            ["kubot.yaml:1: operations.0.shell: a command cannot hold NUL, nor what is no Unicode"],
        ),
        ("", ["kubot.yaml:1: a manifest has keys such as operations"]),
        ("- a", ["kubot.yaml:1: a manifest has keys such as operations"]),
        ("a: 1\n\na: 2", ["kubot.yaml:3: the key 'a' is there twice"]),
        ("? [a]\n: b", ["kubot.yaml:1: a key that is no text"]),
        ("? !!str [a]\n: b", ["kubot.yaml:1: a key that is no text"]),
        ("~: b", ["kubot.yaml:1: a key that is no text"]),
        (
            "a:\n\tb: c",
            ["kubot.yaml:2: not YAML: found character '\\t' that cannot start any token: indent with spaces"],
        ),
        ("a:\n  !!python/object/apply:os.system [x]", ["kubot.yaml:2: tags, written with !, are not allowed"]),
        ("a: !!int 3", ["kubot.yaml:1: tags, written with !, are not allowed"]),
        ("a: &a [*a]", ["kubot.yaml:1: too large: too many or too deeply nested values"]),
        ("a: [b", ["kubot.yaml:1: not YAML: expected ',' or ']', but got '<stream end>'"]),
        ('a: "\\UFFFFFFFF"', ["kubot.yaml:1: not YAML: "]),
        (b"\n\n\xff", ["kubot.yaml:3: not UTF-8 text"]),
        (b"\xff\xfea\0", ["kubot.yaml:1: not UTF-8 text"]),
        (b"#" * (MAX_MANIFEST_BYTES + 1), ["kubot.yaml: is larger than 65536 bytes"]),
    ],
)
def test_mistakes_are_said_with_their_line_and_key(text: str | bytes, said: list[str]) -> None:
    """All of them at once, in the order of the file."""
    found = problems(text)

    assert len(said) == len(found)
    assert all(line.startswith(expected) for line, expected in zip(found, said, strict=True)), found


@pytest.mark.parametrize(
    "bomb",
    [
        "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)),
        "".join(f"a{n}: &a{n}\n  <<: [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)),
    ],
)
def test_aliases_do_not_grow_beyond_measure(bomb: str) -> None:
    """Neither as lists nor as merge keys, which are no more than keys here."""
    assert "too large" in problems(f"a0: &a0 {{x: y}}\n{bomb}")[0]


@pytest.mark.parametrize("text", ["[" * 30_000, "{a: " * 15_000, "a:\n" + "- " * 30_000 + "a"])
def test_deep_nesting_is_refused(text: str) -> None:
    """It does not exhaust the stack."""
    assert len(problems(text)) == 1


def test_every_command_can_be_started() -> None:
    """Linux takes no argument longer than 128 KiB, and no manifest has one: however it is written."""
    longest = "x" + "\\L" * ((MAX_MANIFEST_BYTES - 42) // 2)
    manifest = parse_manifest(f'operations: [{{name: a, shell: "{longest}"}}]'.encode())

    assert len(manifest.operations[0].shell.encode()) < 128 * 1024


def test_a_manifest_is_read_from_a_file(tmp_path: Path) -> None:
    """Its errors name the file; there may be none, or none that is a file."""
    file = tmp_path / "kubot.yaml"
    (tmp_path / "folder").mkdir()
    file.write_text(OPERATIONS)
    good = read_manifest(file)
    file.write_text("operations: x")

    assert "A" == good.operations[0].name
    for path, why in {
        file: f"{file}:1: operations: a list is wanted",
        tmp_path / "none": f"{tmp_path / 'none'}: there is no such file",
        tmp_path / "folder": f"{tmp_path / 'folder'}: is no file",
    }.items():
        with pytest.raises(PackageInvalid) as caught:
            read_manifest(path)
        assert why == str(caught.value)


def test_several_mistakes_are_one_line() -> None:
    """The message is about the first, and says how many more there are."""
    with pytest.raises(PackageInvalid, match=r"^kubot.yaml:1: operations.0.name: is empty \(and 1 more\)$"):
        parse_manifest(b"operations: [{name: '', shell: ''}]")


@given(manifests)
def test_what_is_written_is_read(data: dict[str, object]) -> None:
    """Every valid manifest is read as it was meant."""
    manifest = parse_manifest(yaml.safe_dump(data, allow_unicode=True).encode())

    assert data == manifest.model_dump(by_alias=True, exclude_unset=True, mode="json")


@given(manifests, st.data())
def test_an_unknown_key_is_found_wherever_it_is(data: dict[str, list[dict[str, str]]], drawn: st.DataObject) -> None:
    """The line is that of the key, and the key is named in full."""
    lists = [(key, position) for key in ("operations", "post-install") for position in range(len(data.get(key, [])))]
    key, position = drawn.draw(st.sampled_from(lists))
    data[key][position]["unheard-of"] = "x"
    text = yaml.safe_dump(data, allow_unicode=True, width=math.inf)
    [line] = [number for number, line in enumerate(text.split("\n"), 1) if line.lstrip(" -").startswith("unheard-of:")]

    assert problems(text) == [f"kubot.yaml:{line}: {key}.{position}.unheard-of: no such key; known: name, shell"]


@given(st.one_of(st.binary(max_size=200), st.text(st.sampled_from("operations:- []{}&*!?|>'\"\\%#\n\t,<~aU0"))))
def test_nonsense_is_refused_in_one_line(content: bytes | str) -> None:
    """Whatever a file holds, it is a manifest or the reason is said; nothing else is raised."""
    raw = content if isinstance(content, bytes) else content.encode()
    said = ""
    try:
        assert isinstance(parse_manifest(raw), Manifest)
    except PackageInvalid as error:
        said = str(error)

    assert not said or said.startswith("kubot.yaml:")
    assert "\n" not in said

"""Which options, variables and paths a request for Robot Framework may hold."""

import json
from pathlib import Path
from typing import Any

import pytest
import robot
from hypothesis import given
from hypothesis import strategies as st

from kurun_robots.errors import EnvironmentUnavailable, PackageInvalid
from kurun_robots.framework.options import ALLOWED, FLAGS, checked_options, checked_variables, secret_values
from kurun_robots.framework.paths import inside
from kurun_robots.framework.starting import Suite, command


@pytest.fixture
def suites(tmp_path: Path) -> Path:
    """A folder of suites, with a link that leads out of it."""
    folder = tmp_path / "suites"
    (folder / "libs").mkdir(parents=True)
    (folder / "a.robot").touch()
    (folder / "vars.py").touch()
    (tmp_path / "outside.robot").touch()
    (folder / "link.robot").symlink_to(tmp_path / "outside.robot")
    (folder / "circle").symlink_to("circle")
    return folder


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ({"dryrun": True}, {"dryrun": True}),
        ({"name": "Mine"}, {"name": "Mine"}),
        ({"loglevel": None}, {}),
        ({"include": "a"}, {"include": ["a"]}),
        ({"include": ["a", "bANDc"]}, {"include": ["a", "bANDc"]}),
        ({"metadata": "Version:1"}, {"metadata": ["Version:1"]}),
        ({"randomize": "tests:12"}, {"randomize": "tests:12"}),
        ({"language": ["pt-BR", "Finnish"]}, {"language": ["pt-BR", "Finnish"]}),
        ({"variable": ["A:1"]}, {"variable": ["A:1"]}),
    ],
)
def test_options_reach_robot_framework(suites: Path, option: dict[str, Any], expected: dict[str, Any]) -> None:
    """Those that select, name and steer tests do."""
    checked = checked_options(option, suites)

    assert expected == checked


def test_paths_among_options_become_real(suites: Path) -> None:
    """They are relative to the folder of suites; a variable file keeps its arguments."""
    checked = checked_options({"pythonpath": "libs", "variablefile": ["vars.py:x:y", "vars.py;z", "vars.py"]}, suites)

    file = suites / "vars.py"
    assert {"pythonpath": [str(suites / "libs")], "variablefile": [f"{file}:x:y", f"{file};z", str(file)]} == checked


@pytest.mark.parametrize(
    ("option", "said"),
    [
        *(
            ({name: "x"}, f"options: '{name}' is none that a request may set")
            for name in (
                *("listener", "prerunmodifier", "prerebotmodifier", "parser", "console", "argumentfile"),
                *(
                    "outputdir",
                    "output",
                    "log",
                    "report",
                    "debugfile",
                    "xunit",
                    "stdout",
                    "help",
                    "--include",
                    "Include",
                ),
            )
        ),
        ({"dryrun": "yes"}, "dryrun is neither true nor false"),
        ({"name": ["a", "b"]}, "name holds something that is no text"),
        ({"include": [{}]}, "include holds something that is no text"),
        ({"language": "../evil.py"}, "language is no name or code of a language"),
        ({"pythonpath": ".."}, "pythonpath: '..' leads out"),
        ({"variablefile": "../../vars.py:x"}, "leads out"),
        ({"variablefile": ":x"}, "there is no ''"),
        ({"variable": ["A"]}, "options: variable: entry 0 is not NAME:VALUE"),
    ],
)
def test_other_options_are_refused(suites: Path, option: dict[str, Any], said: str) -> None:
    """What loads code, writes files or changes arguments is not there, nor are values of another kind."""
    with pytest.raises(PackageInvalid) as caught:
        checked_options(option, suites)

    assert said in str(caught.value)


def test_allowed_options_are_robot_frameworks(suites: Path) -> None:
    """Each of them is an option that the installed Robot Framework has."""
    values: dict[str, Any] = {name: name in FLAGS or "1" for name in ALLOWED - {"pythonpath", "variablefile"}}
    values |= {"variable": [], "randomize": "none", "loglevel": "INFO", "language": "fi", "metadata": "A:b"}
    values |= {"extension": "robot", "rpa": False, "exclude": [], "runemptysuite": True}
    (suites / "a.robot").write_text("*** Test Cases ***\nOne\n    No Operation\n")
    checked = checked_options(values, suites)

    code = robot.run(suites / "a.robot", **checked, output=None, log=None, report=None, console="none")

    assert 0 == code


@pytest.mark.parametrize(
    "text", ["", "..", "../outside.robot", "/etc/passwd", "link.robot", "missing", "a\0", "circle"]
)
def test_paths_stay_within_the_folder(suites: Path, text: str) -> None:
    """Neither dots nor links nor absolute paths lead out, and what is not there is no path."""
    with pytest.raises(PackageInvalid, match=r"^tests: "):
        inside(suites, text, "tests")


@pytest.mark.parametrize("text", [".", "a.robot", "libs/../a.robot"])
def test_paths_within_are_taken(suites: Path, text: str) -> None:
    """Files, folders, and the folder of suites itself."""
    assert (suites / text).resolve() == inside(suites, text, "tests")


def test_a_folder_of_suites_that_is_not_there_may_come_back(tmp_path: Path) -> None:
    """The machine is wrong, not the request."""
    with pytest.raises(EnvironmentUnavailable, match="cannot be read"):
        inside(tmp_path / "unmounted", "a.robot", "tests")


@pytest.mark.parametrize("text", ["", "A", ":secret-value", " :secret-value"])
def test_variables_have_a_name_and_a_value(text: str) -> None:
    """The message does not repeat what may be a secret."""
    with pytest.raises(PackageInvalid, match=r"variables: entry 1 is not NAME:VALUE$"):
        checked_variables("variables", ["A:1", text])


def test_values_of_variables_are_secrets() -> None:
    """Of a variable with a type the value alone, too."""
    found = secret_values(["PASSWORD:open:sesame", "PIN: int:123456"])

    assert {"open:sesame", " int:123456", "123456"} <= set(found)


def test_switches_are_no_secrets() -> None:
    """Or every word like theirs would be hidden in the output."""
    found = secret_values(["DEBUG:true", "LEVEL: None", "QUIET: bool:True"])

    assert {" bool:True"} == {*filter(None, found)}


def test_variables_of_the_request_come_last() -> None:
    """Robot Framework takes the last of two with one name."""
    suite = Suite(Path("/s/a.robot"), ("A:1",), {"variable": ["A:2", "B:3"]})

    assert ["A:2", "B:3", "A:1"] == json.loads(suite.order(Path("/out")))["options"]["variable"]


@given(st.lists(st.text(min_size=1)))
def test_nothing_of_a_request_is_on_the_command_line(texts: list[str]) -> None:
    """It goes through a file, and comes out as it went in."""
    suite = Suite(Path("/s/a.robot"), tuple(f"A:{text}" for text in texts), {"test": texts})
    order = json.loads(suite.order(Path("/out")))

    assert texts == order["options"]["test"]
    assert "exec '/a b/python' -I -u -c " in command(Path("/a b/python"), Path("/o.json"))

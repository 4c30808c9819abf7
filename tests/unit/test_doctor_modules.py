"""Modules of users, imported in a process that they may break."""

from pathlib import Path

import pytest

from kurun_worker.doctor import examine, modules
from kurun_worker.doctor.modules import module_checks
from kurun_worker.doctor.report import Outcome, Verdict

GOOD = """
from temporalio import activity, workflow

@activity.defn
async def greet() -> None: ...

@workflow.defn
class Hello:
    @workflow.run
    async def run(self) -> None: ...
"""
MODULES = {
    "good": GOOD,
    "again": GOOD,
    "broken": "import temporalio\n\nprint('noise')\nundefined_name\n",
    "syntax": "def broken(:\n",
    "empty": "",
    "exits": "import sys\nsys.exit(3)\n",
    "dies": "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n",
    "hangs": "import time\ntime.sleep(600)\n",
    "sandboxed": "import random\n" + GOOD + "\nnumber = random.random()\n",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the modules."""
    folder = tmp_path_factory.mktemp("modules")
    for name, text in MODULES.items():
        (folder / f"{name}.py").write_text(text)
    return folder


async def looked_at(folder: Path, monkeypatch: pytest.MonkeyPatch, *names: str) -> dict[str, Verdict]:
    """What is said of each module, and of all together."""
    monkeypatch.chdir(folder)
    return {found.name: found.verdict async for found in examine(module_checks(names, sandbox=True))}


async def test_good_modules_are_told_with_what_they_serve(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line for each, one for all."""
    found = await looked_at(folder, monkeypatch, "good")

    assert found == {
        "module good": Verdict(Outcome.OK, "1 workflow (Hello), which load in the sandbox; 1 activity (greet)"),
        "definitions": Verdict(Outcome.OK, "1 workflow (Hello); 1 activity (greet)"),
    }


async def test_each_bad_module_is_told_with_its_place(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """File and line of the error; a module that exits ends no other; the last kills the process that imports it."""
    names = ("broken", "syntax", "empty", "absent", "exits", "sandboxed", "good", "dies", "again")
    found = await looked_at(folder, monkeypatch, *names)

    said = {name.removeprefix("module "): f"{each.outcome}: {each.said}" for name, each in found.items()}
    assert said["broken"].startswith("failed: importing broken failed: NameError: name 'undefined_name' is not")
    assert said["broken"].endswith(f"({folder}/broken.py:4)")
    assert said["syntax"].endswith(f"({folder}/syntax.py:1)")
    assert "empty has no @workflow.defn class" in said["empty"]
    assert said["absent"] == "failed: there is no module absent"
    assert said["exits"] == f"failed: importing exits failed: SystemExit: 3 ({folder}/exits.py:2)"
    assert "the sandbox refuses workflow sandboxed.Hello" in said["sandboxed"]
    assert said["sandboxed"].endswith(f"({folder}/sandboxed.py:{MODULES['sandboxed'].count(chr(10))})")
    assert said["good"].startswith("ok: ")
    assert said["dies"] == "failed: importing it ended the process with signal 11"
    assert said["again"] == "skipped: because dies ended the process with signal 11"
    assert said["definitions"].startswith("skipped: because ")


async def test_two_definitions_of_one_name_are_told_together(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each module is good by itself."""
    found = await looked_at(folder, monkeypatch, "good", "again")

    assert found["module again"].outcome is Outcome.OK
    assert found["definitions"].outcome is Outcome.FAILED
    assert "two workflow definitions are called Hello: good.Hello and again.Hello" in found["definitions"].said


async def test_a_module_that_never_ends_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its process is gone then."""
    monkeypatch.setattr(modules, "SECONDS", 0.5)
    found = await looked_at(folder, monkeypatch, "hangs", "good")

    assert found["module hangs"].said == "importing it was not done after 0.5 s"
    assert found["module good"].outcome is Outcome.SKIPPED

"""Finding workflows and activities in the modules that the settings name."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kurun_config import ConfigurationError
from kurun_worker.modules import load_modules

ACTIVITY = """
from temporalio import activity

@activity.defn(name="{name}")
async def {function}() -> None: ...
"""
WORKFLOW = """
from temporalio import workflow

@workflow.defn
class {name}:
    @workflow.run
    async def run(self) -> None: ...
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder from which modules are imported, forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def refusal(*names: str) -> str:
    """Why these modules cannot be served."""
    with pytest.raises(ConfigurationError) as caught:
        load_modules(names)
    assert "\n" not in str(caught.value)
    return str(caught.value)


async def test_definitions_and_reexports_are_found(folder: Path) -> None:
    """A module may define things itself or import them from another; each is served once."""
    (folder / "acme_inner.py").write_text(
        ACTIVITY.format(name="convert", function="convert") + WORKFLOW.format(name="LoanWorkflow")
    )
    (folder / "acme_outer.py").write_text("from acme_inner import LoanWorkflow, convert\nanother = convert\n")

    found = load_modules(["acme_outer", "acme_inner"])

    assert [each.__name__ for each in found.workflows] == ["LoanWorkflow"]
    assert [each.__name__ for each in found.activities] == ["convert"]


def test_no_modules_are_no_error() -> None:
    """A worker may serve KuFlow's activities alone."""
    found = load_modules([])

    assert found.workflows == found.activities == ()


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", ["acme_absent", "acme_absent.deeper"])
def test_a_missing_module_is_named(name: str) -> None:
    """A module that is not there, or whose package is not."""
    assert refusal(name) == f"worker.modules: there is no module {name}"


def test_a_missing_import_of_a_module_is_told_from_a_missing_module(folder: Path) -> None:
    """What lacks is the library, and the line says where it is imported."""
    (folder / "acme_needs.py").write_text("\nimport acme_library\n")

    said = refusal("acme_needs")

    assert "importing acme_needs failed: ModuleNotFoundError: No module named 'acme_library'" in said
    assert said.endswith("acme_needs.py:2)")


def test_a_module_that_raises_says_at_which_line(folder: Path) -> None:
    """The place is in the user's code, however deep."""
    (folder / "acme_deep.py").write_text("def fail():\n    raise ValueError('no\\nway')\n")
    (folder / "acme_raises.py").write_text("import acme_deep\nacme_deep.fail()\n")

    said = refusal("acme_raises")

    assert "importing acme_raises failed: ValueError: no way" in said
    assert said.endswith("acme_deep.py:2)")


def test_a_module_that_is_no_python_says_where(folder: Path) -> None:
    """File and line of the syntax error."""
    (folder / "acme_broken.py").write_text("x = 1\ndef :\n")

    assert "acme_broken.py:2)" in refusal("acme_broken")


@pytest.mark.parametrize(("argument", "said"), [("3", "3"), ("", "None"), ("'no\\nlicense'", "no license")])
def test_a_module_that_wants_to_end_the_process_says_at_which_line(folder: Path, argument: str, said: str) -> None:
    """It is an import that failed, and no end of the worker."""
    (folder / "acme_exits.py").write_text(f"import sys\nsys.exit({argument})\n")

    refused = refusal("acme_exits")

    assert refused.startswith(f"worker.modules: importing acme_exits failed: SystemExit: {said}".removesuffix("None"))
    assert refused.endswith("acme_exits.py:2)")


async def test_a_module_that_wants_to_end_the_process_in_the_sandbox_is_refused(folder: Path) -> None:
    """Also where it does so only there."""
    leave = "from temporalio import workflow as w\nimport sys\nif w.unsafe.in_sandbox():\n    sys.exit(4)\n"
    (folder / "acme_leaves.py").write_text(leave + WORKFLOW.format(name="LeavingWorkflow"))

    assert "raised SystemExit: 4" in refusal("acme_leaves")


def test_a_module_without_definitions_is_refused(folder: Path) -> None:
    """Most likely another module was meant."""
    (folder / "acme_empty.py").write_text("from temporalio import activity, workflow\n")

    assert "acme_empty has no @workflow.defn class and no @activity.defn function" in refusal("acme_empty")


def test_two_definitions_of_one_name_are_refused_with_both_places(folder: Path) -> None:
    """Temporal could not tell them apart."""
    (folder / "acme_one.py").write_text(ACTIVITY.format(name="convert", function="first"))
    (folder / "acme_two.py").write_text(ACTIVITY.format(name="convert", function="second"))

    assert "convert: acme_one.first and acme_two.second" in refusal("acme_one", "acme_two")


async def test_a_workflow_that_the_sandbox_refuses_says_why_and_what_to_do(folder: Path) -> None:
    """I/O at import works outside and fails in the sandbox; this is found before the first process starts."""
    (folder / "acme_io.py").write_text(
        "import random\nnumber = random.random()\n" + WORKFLOW.format(name="ForbiddenWorkflow")
    )

    said = refusal("acme_io")

    assert "the sandbox refuses workflow acme_io.ForbiddenWorkflow" in said
    assert "random" in said
    assert "KURUN_WORKER_SANDBOX=false" in said
    assert len(load_modules(["acme_io"], sandbox=False).workflows) == 1

"""docs/twin.md against the twin."""

import json
import re
from pathlib import Path

import click
import pytest

from kurun_twin.api import steering
from kurun_twin.definitions import action_entries, file, load_definitions
from kurun_twin.definitions.entry import Entry
from kurun_twin.engine.steering import EngineMisbehaviour
from kurun_twin.figures import Figures
from kurun_twin.options import SWITCHES, TwinOptions
from kurun_twin.scenario import Rule, ScenarioBody
from kurun_worker.cli.dev import command

PAGE = (Path(__file__).parents[2] / "docs" / "twin.md").read_text()

ENTRIES: dict[str, tuple[type[Entry], ...]] = {
    "The whole file": (file.DefinitionsFile,),
    "Tenant": (file.TenantEntry,),
    "Principals": (file.PrincipalsEntry,),
    "Applications": (file.ApplicationEntry,),
    "Users": (file.UserEntry,),
    "Groups": (file.GroupEntry,),
    "Process definitions": (file.ProcessDefinitionEntry,),
    "Process item definitions": (file.ProcessItemDefinitionEntry,),
    "AI assistance": (file.AiAssistanceEntry,),
    "Process action definitions": (
        action_entries.ProcessWorkflowEntry,
        action_entries.StartRelatedProcessEntry,
        action_entries.CreateTaskEntry,
        action_entries.CreateOtherItemEntry,
        action_entries.SendWorkflowSignalEntry,
    ),
    "Business artifact definitions": (file.ArtifactDefinitionEntry,),
    "Business artifact action definitions": (
        action_entries.ArtifactWorkflowEntry,
        action_entries.StartProcessEntry,
        action_entries.CreateArtifactEntry,
    ),
    "Robots": (file.RobotEntry,),
    "Robot assets": (file.RobotAssetEntry,),
    "Keys": (file.KmsKeyEntry,),
}


def section(heading: str) -> str:
    """What stands under a heading, up to the next."""
    found = re.search(rf"^##+ {heading}\n(.*?)(?=^##+ |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, f"no heading {heading}"
    return found[1]


def rows(heading: str) -> dict[str, str]:
    """The tables under a heading: the first cell of each row without its backticks, and the second cell."""
    cells = [line.split(" | ") for line in section(heading).splitlines() if line.startswith("| `")]
    return {first.removeprefix("| ").strip("`"): second for first, second, *_ in cells}


def block(language: str, containing: str = "") -> str:
    """The code block of a language that holds a text."""
    [found] = [each for each in re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL) if containing in each]
    return str(found)


@pytest.mark.parametrize("heading", ENTRIES)
def test_every_key_of_the_definitions_file_is_explained(heading: str) -> None:
    """Under its own heading, and no other key is."""
    keys = {field.alias for entry in ENTRIES[heading] for field in entry.model_fields.values()}

    assert set(rows(heading)) == keys


def test_no_part_of_the_definitions_file_is_left_out() -> None:
    """A new kind of entry needs a heading of its own."""
    shapes = {
        each
        for module in (file, action_entries)
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Entry) and each.__module__ == module.__name__
    }

    assert {entry for entries in ENTRIES.values() for entry in entries} == shapes - {action_entries.ActionEntry}


def test_the_sample_is_read(tmp_path: Path) -> None:
    """The definitions file of the page, with the files that it names."""
    (tmp_path / "robots").mkdir()
    for name in ("invoices.zip", "python.tar.gz"):
        (tmp_path / "robots" / name).touch()
    sample = tmp_path / "definitions.yaml"
    sample.write_text(block("yaml"))
    definitions = load_definitions(sample)
    (loan,) = definitions.processes
    targets = {code: action.workflow and action.workflow.kms_key_id for code, action in loan.actions.items()}

    assert loan.kms_key_id == "loans-2026"
    assert (targets["EXPORT"], targets["CHECK"]) == ("loans-2026", None)
    assert [each.code for each in definitions.robots] == ["INVOICES"]


def test_every_option_is_explained() -> None:
    """As ``kurun dev`` has it, with its default."""
    options = {name: each for each in command.params if isinstance(each, click.Option) for name in each.opts}
    told = rows(r"Options of `kurun dev`")

    assert {name.split()[0].strip("`,") for name in told} == set(options)
    spans = {name: default for name, default in told.items() if name.endswith("SECONDS")}
    assert {name: float(default) for name, default in spans.items()} == {
        name: options[name.split()[0]].default for name in spans
    }


def test_every_switch_is_explained() -> None:
    """With its default."""
    defaults = {name: str(getattr(TwinOptions, name)).lower() for name in SWITCHES if not name.startswith("k2_")}

    assert rows("Switches") == defaults


def test_every_field_of_a_rule_is_explained() -> None:
    """And the sample is one that the twin takes."""
    explained = set(rows("Misbehaviour"))
    body = ScenarioBody.model_validate_json(block("json"))

    routes = {f"{each.method} {each.path}" for each in steering.OPERATIONS} | {"PUT /_twin/engine"}
    assert explained == {*Rule.model_fields, *routes, *EngineMisbehaviour.model_fields}
    assert (len(body.rules), body.seed) == (3, 7)


def test_the_commands_that_steer_send_what_the_twin_takes() -> None:
    """Each body of the page's curl commands is read."""
    sent = dict(re.findall(r"-X PUT \$TWIN/(\w+) .*-d '(.*)'", block("console", "$TWIN")))

    assert ScenarioBody.model_validate(json.loads(sent["scenario"])).rules
    assert EngineMisbehaviour.model_validate(json.loads(sent["engine"])).cut
    assert set(sent) == {"scenario", "engine"}


def test_every_figure_is_explained() -> None:
    """What ``GET /_twin/figures`` answers with."""
    assert set(rows("Figures")) == set(Figures().snapshot())

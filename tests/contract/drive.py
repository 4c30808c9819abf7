"""Schemathesis drives the twin from KuFlow's document, in two ways: one request at a time, and in scenarios."""

import copy
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.engine import events, from_schema
from schemathesis.generation.meta import TestPhase
from schemathesis.generation.stateful.state_machine import StepInput, StepOutput

from kurun_twin.api import API_PREFIX
from tests.contract.chains import LINKED_FILTERS, LINKS
from tests.contract.document import Json, add_newer_operations, allow_null
from tests.contract.links import add_links
from tests.contract.stage import as_served, empty, narrow
from tests.unit.twins import Twin

SEED = 20240614

REFUSED_BY_DESIGN = {"downloadProcessItemTaskDataWebformsAsDocument"}
"""What the twin never does: KuFlow renders forms only for those who asked it to."""


FOCUSES = (
    r".*",
    r"/(authentications|processes|process-items.*|processes/\{id\}/~actions/(complete|upload-document))",
    r"/(authentications|processes.*)",
    r"/(authentications|processes/\{id\}|business-artifacts.*)",
)
"""Paths that scenarios keep to: any, then those of tasks, processes, artifacts. Among all, long chains are rare."""


@dataclass(frozen=True)
class Size:
    """How much is generated: requests for each operation, and scenarios of each focus with their most steps."""

    examples: int
    scenarios: int
    steps: int


@dataclass
class Outcome:
    """What was done, and what broke a promise.

    Attributes:
        cases: Requests by phase.
        answers: Requests by operation and class of status, such as ``2xx``.
        links: How often each link was followed with a value that an answer gave.
        successes: How often the request that followed was successful.
        failures: What went wrong, one text each.
    """

    cases: Counter[str] = field(default_factory=Counter)
    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    links: Counter[str] = field(default_factory=Counter)
    successes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def count(self, phase: str, case: schemathesis.Case[Any], status: int) -> None:
        """Note a request and how it was answered."""
        self.cases[phase] += 1
        self.answers[case.operation.definition.raw["operationId"], f"{status // 100}xx"] += 1

    def never_succeeded(self) -> set[str]:
        """Operations that were never successful, and links with a whole body that never were though often followed."""
        operations = {name for name, _ in self.answers} - {name for name, kind in self.answers if kind == "2xx"}
        links = {each.name for each in LINKS if each.whole_body and self.links[each.name] >= 20}
        return operations | {name for name in links if not self.successes[name]}


def drive(document: Json, twin: Twin, size: Size) -> Outcome:
    """Send the twin what the document allows and what it forbids, and check every answer against it."""
    add_newer_operations(document)
    narrow(document, twin)
    allow_null(document)
    outcome = Outcome()
    _single_requests(_schema(document, twin, size), outcome)
    for focus in FOCUSES:
        paths = {path: item for path, item in document["paths"].items() if re.fullmatch(focus, path)}
        _scenarios(_schema({**document, "paths": paths}, twin, size), twin, size, outcome)
    return outcome


def _schema(document: Json, twin: Twin, size: Size) -> schemathesis.BaseSchema:
    linked = copy.deepcopy(document)
    add_links(linked, LINKS)
    schema = schemathesis.openapi.from_dict(linked, config=_config(twin, size))
    schema.app = as_served(twin.app)
    schema.hook("map_case")(_beginning_of_list)
    return schema


def _config(twin: Twin, size: Size) -> SchemathesisConfig:
    credentials = twin.worker.credentials
    return SchemathesisConfig.from_dict(
        {
            "seed": SEED,
            "base-url": f"http://twin{API_PREFIX}",
            "auth": {"basic": {"username": credentials.client_id, "password": credentials.client_secret}},
            "generation": {
                "max-examples": size.examples,
                "deterministic": True,
                "database": "none",
                "with-security-parameters": False,  # they would be replaced by the right ones
            },
            "cache": {"enabled": False},
            "phases": {
                # The scenarios send what is right.
                "fuzzing": {"generation": {"mode": "negative"}},
                "stateful": {
                    # The links given here are the ones that lead somewhere, and a whole body that a link gives takes
                    # the place of a generated wrong one, which would be right then.
                    "inference": {"algorithms": []},
                    "generation": {"mode": "positive"},
                },
            },
            "checks": {
                # A request of the right shape may still break a rule: an unknown id, a finished process, a bad pointer.
                "positive_data_acceptance": {"enabled": False},
            },
            "operations": [
                {
                    # Creating again is not asking for what was created: 404 speaks of what it names. Nor has a new
                    # item any AI assistance before someone triggers it.
                    "include-operation-id": [
                        "createBusinessArtifact",
                        "createProcess",
                        "createProcessItem",
                        "retrieveProcessItemAiAssistance",
                    ],
                    "checks": {"ensure_resource_availability": {"enabled": False}},
                },
                {
                    # A deleted process can still be looked at, as lists show it with deleted=INCLUDE, and what needs
                    # no action because it is done is answered with it.
                    "include-path-regex": "^/processes",
                    "checks": {"use_after_free": {"enabled": False}},
                },
            ],
        }
    )


def _beginning_of_list(_: schemathesis.HookContext, case: schemathesis.Case[Any]) -> schemathesis.Case[Any]:
    # Scenarios go on from what a list shows; with generated filters, or at any page but the first, it shows nothing.
    name = case.operation.definition.raw["operationId"]
    if case.meta is not None and case.meta.phase.name is TestPhase.STATEFUL and name.startswith("find"):
        case.query = {key: value for key, value in (case.query or {}).items() if key in LINKED_FILTERS}
    return case


def _single_requests(schema: schemathesis.BaseSchema, outcome: Outcome) -> None:
    schema.config.phases.stateful.enabled = False
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            _take(event, outcome)
        elif isinstance(event, events.NonFatalError):
            outcome.failures.append(f"{event.label}: {event.info.title}: {event.info.message}")
        elif isinstance(event, events.FatalError):
            raise event.exception


def _take(event: events.ScenarioFinished, outcome: Outcome) -> None:
    recorder = event.recorder
    for case_id, node in recorder.cases.items():
        exchange = recorder.interactions.get(case_id)
        response = None if exchange is None else exchange.response
        outcome.count(event.phase.value, node.value, 0 if response is None else response.status_code)
        for check in recorder.checks.get(case_id, []):
            if check.failure_info is not None:
                outcome.failures.append(f"{check.name}: {check.failure_info.failure}\n{check.failure_info.code_sample}")


def _scenarios(schema: schemathesis.BaseSchema, twin: Twin, size: Size, outcome: Outcome) -> None:
    class Scenario(schema.as_state_machine()):  # type: ignore[misc]  # made at run time
        def setup(self) -> None:
            # Hypothesis needs a scenario to go the same way again.
            empty(twin)

        def step(self, input: StepInput) -> StepOutput:  # noqa: A002 - as the library calls it
            output: StepOutput = super().step(input)
            outcome.count("scenarios", input.case, output.response.status_code)
            if input.transition is not None and input.is_applied:
                # POST /processes -> [201] name of the link -> GET /processes/{id}
                link = input.transition.id.split("] ")[1].split(" -> ")[0]
                outcome.links[link] += 1
                outcome.successes[link] += output.response.status_code < 300
            return output

    # A scenario begins with what needs no id, not in the middle.
    for name in Scenario.root_rules:
        if "_id_" in name:
            setattr(Scenario, name, None)
    try:
        Scenario.run(
            settings=settings(
                max_examples=size.scenarios,
                stateful_step_count=size.steps,
                derandomize=True,
                database=None,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
        )
    except FailureGroup as group:
        outcome.failures += [str(each) for each in group.exceptions]

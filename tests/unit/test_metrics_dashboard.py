"""Dashboard and alerts, held to the metrics that there are."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from kurun_worker.metrics import catalogue

DEPLOY = Path(__file__).parents[2] / "deploy"
DASHBOARD: dict[str, Any] = json.loads((DEPLOY / "grafana" / "kurun.json").read_text())
ALERTS: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text())["groups"]
    for rule in group["rules"]
]
TEMPORAL: dict[str, Any] = json.loads((Path(__file__).parent / "temporal_metrics.json").read_text())
"""Name, type and labels of the metrics of Temporal's SDK, as a worker exposes them."""

FUNCTIONS = {
    *("sum", "min", "max", "group", "topk", "rate", "increase", "histogram_quantile"),
    *("absent", "avg_over_time", "min_over_time", "max_over_time"),
}
OPERATORS = {"by", "without", "on", "and", "or", "unless"}
ADDED_BY_PROMETHEUS = frozenset({"instance", "job", "le"})
ADDED_BY_KUBERNETES = frozenset({"namespace"})
"""The pod's, at metrics that have no such label themselves: something to group by, nothing to count on."""
_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"')
_MATCHERS = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\{([^}]*)\}")
_GROUPINGS = re.compile(r"\b(?:by|without|on)\s*\(([^)]*)\)")
_BY = re.compile(r"\bby\s*\(([^)]*)\)")
_WITHOUT = re.compile(r"\bwithout\s*\(([^)]*)\)")
_RANGES = re.compile(r"\[[^]]*\]")
_NAMES = re.compile(r"(?<![\w$.])[a-zA-Z_:][a-zA-Z0-9_:]*")


def known() -> dict[str, frozenset[str]]:
    """The labels of every name that a query may have."""
    found = {sample: frozenset(each.labels) for each in catalogue() for sample in each.samples}
    for name, each in TEMPORAL.items():
        ends = ("_bucket", "_sum", "_count") if each["type"] == "histogram" else ("",)
        found |= {name + end: frozenset(each["labels"]) for end in ends}
    return {**found, "up": frozenset()}  # which Prometheus itself says of each target


KNOWN = known()


def faults(query: str) -> list[str]:
    """Names of metrics and labels in a query that do not exist."""
    bare = _STRINGS.sub("", query)
    groupings = [label.strip() for found in _GROUPINGS.findall(bare) for label in found.split(",")]
    matchers = {name: re.findall(r"(\w+)\s*[=!]", inside) for name, inside in _MATCHERS.findall(bare)}
    rest = _RANGES.sub("", _GROUPINGS.sub("", re.sub(r"\{[^}]*\}", "", bare)))
    names = [name for name in _NAMES.findall(rest) if name not in FUNCTIONS | OPERATORS]
    wrong = [name for name in names if name not in KNOWN]
    labels = {label for name in names for label in KNOWN.get(name, ())} | ADDED_BY_PROMETHEUS | ADDED_BY_KUBERNETES
    wrong += [label for label in groupings if label not in labels]
    wrong += [
        f"{name}{{{label}}}"
        for name, used in matchers.items()
        for label in used
        if label not in KNOWN.get(name, frozenset()) | ADDED_BY_PROMETHEUS
    ]
    return wrong if names else [*wrong, "no metric at all"]


def panels() -> Iterator[dict[str, Any]]:
    """The panels that show something."""
    return (each for each in DASHBOARD["panels"] if each["type"] != "row")


QUERIES = [(panel["title"], target["expr"]) for panel in panels() for target in panel["targets"]]


@pytest.mark.parametrize(("title", "query"), QUERIES)
def test_the_dashboard_names_only_metrics_that_exist(title: str, query: str) -> None:
    """Each query's metrics and labels are ours or the SDK's."""
    assert (title, faults(query)) == (title, [])


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: str(rule["alert"]))
def test_alerts_name_only_metrics_that_exist_and_say_what_to_do(rule: dict[str, Any]) -> None:
    """Each alert's metrics and labels exist, those in its text are left by its query, and it has a remedy."""
    said = rule["annotations"]
    quoted = set(re.findall(r"\$labels\.(\w+)", " ".join(said.values())))

    assert faults(rule["expr"]) == []
    assert len(said["summary"]) > 10
    assert len(said["action"]) > 20
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    if grouped := _BY.search(rule["expr"]):
        assert quoted <= {each.strip() for each in grouped[1].split(",")}
    else:
        gone = {label.strip() for found in _WITHOUT.findall(rule["expr"]) for label in found.split(",")}
        labels = {label for name in _NAMES.findall(rule["expr"]) for label in KNOWN.get(name, ())}
        assert quoted <= (labels | {"instance"}) - gone


def test_what_a_test_of_queries_finds() -> None:
    """A misspelt metric, a label that it does not have, and a grouping by one that nothing has."""
    assert faults('sum by (le) (rate(kurun_http_request_seconds_bucket{service="k2"}[5m]))') == [
        "kurun_http_request_seconds_bucket",
        "kurun_http_request_seconds_bucket{service}",
    ]
    assert faults('kurun_ready{task_queue="x"}') == ["kurun_ready{task_queue}"]
    assert faults("sum by (robot) (kurun_robot_runs_total)") == ["robot"]
    assert faults("vector(1)") == ["vector"]


def test_the_dashboard_can_be_imported() -> None:
    """Ids of panels are unique, no two panels overlap, each has a source that is chosen, and variables are there."""
    everything = DASHBOARD["panels"]
    ids = [each["id"] for each in everything]
    taken: set[tuple[int, int]] = set()
    for each in everything:
        at = each["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken
        assert at["x"] + at["w"] <= 24
        taken |= cells

    assert len(set(ids)) == len(ids)
    assert {each["datasource"]["uid"] for each in panels()} == {"${datasource}"}
    assert [each["name"] for each in DASHBOARD["templating"]["list"]] == [
        "datasource",
        "namespace",
        "task_queue",
        "instance",
    ]
    used = set(re.findall(r"\$(?!__)\{?(\w+)", json.dumps([each["targets"] for each in panels()])))
    assert used == {"datasource", "namespace", "task_queue", "instance"}


def test_every_metric_of_ours_is_shown() -> None:
    """The dashboard has a place for each metric of the catalogue, apart from two of the process."""
    shown = {name for _, query in QUERIES for name in _NAMES.findall(query)}
    missing = [each.name for each in catalogue() if not shown & set(each.samples)]

    assert missing == ["kurun_activity_slots_used", "process_virtual_memory_bytes", "process_start_time_seconds"]

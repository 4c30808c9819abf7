"""What the alerts do: in time, where Prometheus's promtool is here, and everywhere by what their queries say."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

RULES = Path(__file__).parents[2] / "deploy/prometheus/alerts.yaml"
IN_TIME = Path(__file__).with_name("alerts_test.yaml")
ALERTS: dict[str, dict[str, Any]] = {
    rule["alert"]: rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]
}
BETWEEN_ATTEMPTS = 10
"""Minutes to which the engine stretches the pauses between attempts of a workflow task that fails."""

needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not here")


def minutes(span: str) -> float:
    """A span of time as Prometheus writes it."""
    return float(span[:-1]) * {"s": 1 / 60, "m": 1, "h": 60, "d": 24 * 60}[span[-1]]


def kept(alert: str) -> set[str]:
    """The labels by which an alert's query groups what it ends with."""
    [found] = re.findall(r"^(?:sum|min|max) by \(([^)]*)\)", ALERTS[alert]["expr"])
    return {each.strip() for each in found.split(",")}


@needs_promtool
def test_prometheus_understands_them_and_they_fire_when_they_should() -> None:
    """And not when they should not."""
    for command in (["check", "rules", str(RULES)], ["test", "rules", str(IN_TIME)]):
        said = subprocess.run(["promtool", *command], capture_output=True, text=True, check=False)  # noqa: S603, S607

        assert said.returncode == 0, said.stdout + said.stderr


def test_what_is_tested_in_time_is_there() -> None:
    """A test of an alert that has another name now would find that it does not fire."""
    text = IN_TIME.read_text()
    named = {each for found in re.findall(r'alertname=~?"([^"]*)"', text) for each in found.split("|")}

    assert (IN_TIME.parent / yaml.safe_load(text)["rule_files"][0]).resolve() == RULES
    assert named <= set(ALERTS)


def test_one_fires_where_no_worker_tells_anything() -> None:
    """All others need a metric of a worker."""
    said = ALERTS["KurunGone"]

    assert said["labels"]["severity"] == "critical"
    assert said["expr"].startswith("absent(kurun_build_info)\n  or ")
    assert "unless on (job, namespace, task_queue) kurun_registrations_total" in said["expr"]


def test_a_pause_and_a_drain_are_no_alarm() -> None:
    """Both make a worker not ready, on purpose; whoever forgets a pause is told by an alert of its own."""
    said = ALERTS["KurunNotReady"]["expr"]

    assert 'kurun_condition_ok{condition!="taking work"}' in said
    assert "kurun_ready == 0 unless on (instance) kurun_condition_ok" in said
    for alert in ("KurunNotReady", "KurunNoPollers"):
        assert ALERTS[alert]["expr"].endswith(") unless on (instance) kurun_draining == 1\n")


def test_a_process_that_is_stuck_keeps_its_alert() -> None:
    """Its attempts within the span are more than the limit, however seldom they are and whichever worker makes them."""
    said = ALERTS["KurunWorkflowTasksFail"]["expr"]
    [(span, limit)] = re.findall(r"\[(\w+)\]\)\) > (\d+)$", said.strip())

    assert minutes(span) / BETWEEN_ATTEMPTS - 1 > int(limit)
    assert kept("KurunWorkflowTasksFail") == {"namespace", "task_queue", "workflow_type"}


def test_a_queues_backlog_is_told_once() -> None:
    """However many workers it has, as each tells of all of it; one that has just come knows of no ten minutes yet."""
    assert kept("KurunTasksWait") == {"job", "namespace", "task_queue", "kind"}
    assert ALERTS["KurunTasksWait"]["expr"].startswith("min by ")

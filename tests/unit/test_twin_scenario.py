"""How the twin misbehaves on purpose, and what it counts."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from pydantic import ValidationError

from kurun_twin.figures import Figures
from kurun_twin.http_server import HttpServer
from kurun_twin.scenario import Rule, Scenario
from tests.unit.twins import Json, Twin, json_value, new_process, new_task, open_twin, reason


@dataclass(frozen=True)
class Served:
    """A twin on a real port, and clients of it."""

    twin: Twin
    worker: httpx2.AsyncClient
    steering: httpx2.AsyncClient

    async def told(self, *rules: Json, seed: int = 0) -> None:
        """Put rules in force."""
        answer = await self.steering.put("/scenario", json={"rules": list(rules), "seed": seed})
        assert answer.status_code == 200, answer.text


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    """A twin served over HTTP: only a real connection can be dropped."""
    with open_twin(tmp_path) as twin:
        server = HttpServer(twin.app)
        await server.start()
        auth = (twin.worker.credentials.client_id, twin.worker.credentials.client_secret)
        base = f"http://127.0.0.1:{server.port}"
        async with (
            httpx2.AsyncClient(base_url=f"{base}/v2024-06-14", auth=auth) as worker,
            httpx2.AsyncClient(base_url=f"{base}/_twin", auth=auth) as steering,
        ):
            yield Served(twin, worker, steering)
        await server.stop()


def test_a_rule_is_met_exactly_as_often_as_it_says() -> None:
    """``times`` counts matching requests only; then the next rule has its turn."""
    scenario = Scenario([Rule(method="POST", path="/workers", status=503, times=2), Rule(path="w", status=500)])
    met = [scenario.meet(method, "/workers") for method in ("GET", "POST", "POST", "POST")]

    assert [rule and rule.status for rule in met] == [500, 503, 503, 500]
    assert scenario.meet("POST", "/processes") is None


def test_chance_repeats_itself() -> None:
    """With the same seed the same requests are spoilt; with another, others."""

    def pattern(seed: int) -> list[bool]:
        scenario = Scenario([Rule(probability=0.5, status=500)], seed=seed)
        return [scenario.meet("GET", "/") is not None for _ in range(100)]

    assert pattern(1) == pattern(1)
    assert pattern(1) != pattern(2)
    assert 30 < sum(pattern(1)) < 70


def test_a_rule_can_run_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """``for_seconds`` counts from the moment the rule is set."""
    now = 100.0
    monkeypatch.setattr("kurun_twin.scenario.time.monotonic", lambda: now)
    scenario = Scenario([Rule(status=500, for_seconds=5)])
    before = scenario.meet("GET", "/")
    now = 105.0

    assert before is not None
    assert scenario.meet("GET", "/") is None


@pytest.mark.parametrize(
    "rule", [{"path": "("}, {"status": 200}, {"drop": "sometimes"}, {"probability": 2}, {"times": 0}, {"nonsense": 1}]
)
def test_rules_that_make_no_sense_are_refused(rule: Json) -> None:
    """Rather than quietly never met."""
    with pytest.raises(ValidationError):
        Rule.model_validate(rule)


def test_rules_are_read_in_both_spellings() -> None:
    """snake_case and camelCase."""
    assert Rule.model_validate({"delayMs": 5, "forSeconds": 1}) == Rule.model_validate(
        {"delay_ms": 5, "for_seconds": 1}
    )


async def test_a_status_is_answered_instead_of_acting(served: Served) -> None:
    """Nothing is done, the answer is a ``DefaultError`` with ``Retry-After``, and the next request is served."""
    await served.told({"method": "POST", "path": "/processes$", "status": 503, "retry_after": 1.2, "times": 1})
    wanted = {"processDefinitionId": served.twin.definition_id()}
    spoilt, served_again = [await served.worker.post("/processes", json=wanted) for _ in range(2)]

    assert reason(spoilt)["status"] == 503
    assert spoilt.headers["retry-after"] == "2"
    assert served_again.status_code == 201
    assert len(served.twin.commands()) == 1


@pytest.mark.parametrize(("drop", "created"), [("before", 0), ("after", 1)])
async def test_a_dropped_connection_has_no_answer(served: Served, drop: str, created: int) -> None:
    """The caller cannot tell whether it acted; the twin did so only ``after``."""
    await served.told({"path": "/processes$", "drop": drop, "times": 1})
    wanted = {"processDefinitionId": served.twin.definition_id()}
    with pytest.raises((httpx2.RemoteProtocolError, httpx2.ReadError)):
        await served.worker.post("/processes", json=wanted)

    assert created == len(served.twin.commands())
    assert (await served.worker.post("/processes", json=wanted)).status_code == 201


async def test_a_dropped_upload_leaves_nothing(served: Served) -> None:
    """Dropping before acting works while the body is still on its way."""
    process = await new_process(served.worker, served.twin)
    await served.told({"path": "upload-document", "drop": "before"})
    with pytest.raises(httpx2.TransportError):
        await served.worker.post(
            f"/processes/{process['id']}/~actions/upload-document",
            params={"fileName": "a", "fileContentType": "a/b"},
            headers={"Content-Type": "application/octet-stream"},
            content=b"x" * 5_000_000,
        )

    assert served.twin.platform.figures.counts["documents"] == 0


async def test_delays_do_not_hold_others(served: Served) -> None:
    """Delayed requests wait beside one another, and the figures say how many there were at once."""
    await served.told({"path": "/processes", "delay_ms": 200})
    started = asyncio.get_running_loop().time()
    await asyncio.gather(*(served.worker.get("/processes") for _ in range(20)))
    took = asyncio.get_running_loop().time() - started
    figures = (await served.steering.get("/figures")).json()["requests"]

    assert 0.2 <= took < 2
    assert 20 == figures["by_operation"]["findProcesses"]["most_at_once"] == figures["most_at_once"]


async def test_the_scenario_can_be_read_and_ended(served: Served) -> None:
    """It says how often each rule was met and has left; without it the twin behaves."""
    await served.told({"path": "/processes", "status": 500, "times": 3})
    await served.worker.get("/processes")
    (rule,) = (await served.steering.get("/scenario")).json()["rules"]
    ended = await served.steering.delete("/scenario")

    assert (rule["met"], rule["left"], rule["holds"]) == (1, 2, True)
    assert ended.status_code == 204
    assert (await served.worker.get("/processes")).status_code == 200


async def test_people_may_not_steer(served: Served) -> None:
    """The twin's own operations are for applications; a scenario that makes no sense is refused."""
    credentials = served.twin.ada.credentials
    refused = await served.steering.get("/figures", auth=(credentials.client_id, credentials.client_secret))
    nonsense = await served.steering.put("/scenario", json={"rules": [{"path": "("}]})

    assert reason(refused)["status"] == 403
    assert "rules.0.path" in reason(nonsense)["message"]


async def test_what_happened_is_counted(served: Served) -> None:
    """By operation and status, unknown routes and refused credentials too."""
    process = await new_process(served.worker, served.twin)
    task = await new_task(served.worker, process, "FREE", task={"data": json_value(a=1)})
    await served.worker.post(f"/process-items/{task['id']}/task/~actions/claim")
    await served.worker.post(f"/process-items/{task['id']}/task/~actions/complete")
    await served.worker.post(
        f"/process-items/{task['id']}/task/~actions/append-log", json={"message": "x", "level": "INFO"}
    )
    await served.worker.get("/nowhere")
    await served.worker.get("/processes", auth=("nobody", "nothing"))
    figures = (await served.steering.get("/figures")).json()
    operations = figures["requests"]["by_operation"]

    assert operations["createProcess"]["by_status"] == {"201": 1}
    assert operations["unknown"]["by_status"] == {"404": 1}
    assert operations["findProcesses"]["by_status"] == {"401": 1}
    assert figures["counts"] == {"processes": 1, "process_items": 1, "items_completed": 1, "log_lines": 1}
    assert figures["requests"]["total"] == 7


def test_the_gateway_counts_here_too() -> None:
    """Calls and refusals by method, and the least life a token had left."""
    figures = Figures()
    figures.engine_call("Poll", 5.0)
    figures.engine_call("Poll", 2.0)
    figures.engine_refusal("Poll", "expired")

    assert figures.snapshot()["engine"] == {
        "calls": {"Poll": 2},
        "calls_total": 2,
        "refusals": {"Poll": {"expired": 1}},
        "refusals_total": 1,
        "least_token_left": 2.0,
        "stuck": {},
    }

"""``kurun run`` as an operator meets it: signals, rotated secrets, and a log that says much and gives nothing away."""

import base64
import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from tests.processes import Dev, Kurun, kurun, kurun_dev

K2_PASSWORD = "k2-Passw0rd"
K2_CLIENT_SECRET = "k2-client-s3cret"

SERVED = """
import os
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from temporalio import activity, workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from kurun_activities import context

def secrets():
    return [file.read_text() for file in sorted(Path(os.environ["KURUN_SECRETS_DIR"]).iterdir())]

@activity.defn
async def careless() -> None:
    for secret in secrets():
        activity.logger.info("the secret is %s", secret, extra={"detail": {"nested": [secret]}})
        activity.logger.debug("and in a header: Basic %s", secret)
        try:
            raise ValueError(f"refused: {secret}") from RuntimeError(f"because of {secret}")
        except ValueError:
            activity.logger.exception("it failed with %r", secret)

@activity.defn
async def asks() -> None:
    await context.current().kuflow.processes.retrieve(UUID(int=1))

@workflow.defn(sandboxed=False)
class CarelessWorkflow:
    @workflow.run
    async def run(self) -> None:
        workflow.logger.info("workflow says %s", secrets()[0])
        await workflow.execute_activity(careless, start_to_close_timeout=timedelta(seconds=10))
        try:
            await workflow.execute_activity(asks, start_to_close_timeout=timedelta(seconds=10))
        except Exception:
            workflow.logger.exception("asked in vain, for %s", secrets()[0])
        raise ValueError(f"the task fails because of {secrets()[0]}")
"""


@pytest.fixture(scope="module")
async def dev(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Dev]:
    """A twin with tokens of five seconds."""
    async with kurun_dev(tmp_path_factory.mktemp("dev"), "--token-life", "5") as running:
        yield running


def put_secrets(folder: Path, **secrets: str) -> None:
    """Secret files, each replaced at once."""
    folder.mkdir(exist_ok=True)
    for name, secret in secrets.items():
        (folder / f".{name}").write_text(secret)
        (folder / f".{name}").rename(folder / f"kurun_{name}")


def environment(dev: Dev, folder: Path, **more: str) -> dict[str, str]:
    """A worker that takes its secrets from files."""
    (folder / "careless.py").write_text(SERVED)
    variables = dev.environment(task_queue="careless", modules=["careless"])
    put_secrets(
        folder / "secrets",
        kuflow_client_secret=variables.pop("KURUN_KUFLOW_CLIENT_SECRET"),
        k2_password=K2_PASSWORD,
        k2_oauth_client_secret=K2_CLIENT_SECRET,
    )
    return {**variables, "KURUN_SECRETS_DIR": str(folder / "secrets"), "KURUN_K2_USER": "bob", **more}


def lines(worker: Kurun) -> list[dict[str, Any]]:
    """The log, line by line."""
    return [json.loads(line) for line in worker.lines().splitlines() if line.startswith("{")]


def secrets_in(log: str, pairs: list[tuple[str, str]]) -> list[str]:
    """Which of these secrets the log shows, plainly or as a header carries them."""
    forms = [secret for _, secret in pairs]
    forms += [base64.b64encode(f"{user}:{secret}".encode()).decode() for user, secret in pairs]
    return [form for form in forms if form in log]


async def test_the_log_at_its_most_talkative_gives_nothing_away(dev: Dev, tmp_path: Path) -> None:
    """Old and new secrets are masked wherever they stand, and each failure says where it happened.

    The code under test writes its secrets to the log on purpose: as text, fields, header and exception.
    """
    old, client_id = dev.info["kuflow"]["client_secret"], dev.info["kuflow"]["client_id"]
    variables = environment(dev, tmp_path, KURUN_LOG_LEVEL="DEBUG", KURUN_LOG_FORMAT="json")
    engine = await Client.connect(dev.info["engine"]["direct_address"])
    async with kurun("run", log=tmp_path / "worker.log", environment=variables, folder=tmp_path) as worker:
        await worker.says("registered with KuFlow")
        new = (await dev.steer("POST", "/_twin/secret", {"keep_old": 1})).json()["client_secret"]
        dev.info["kuflow"]["client_secret"] = new
        put_secrets(tmp_path / "secrets", kuflow_client_secret=new)
        worker.process.send_signal(signal.SIGHUP)
        await worker.says("settings read again")
        handle = await engine.start_workflow("CarelessWorkflow", id="careless", task_queue="careless")
        await worker.says("Failed activation on workflow")
        await handle.terminate()
        code = await worker.stop()

    pairs = [(client_id, old), (client_id, new), ("bob", K2_PASSWORD), ("bob", K2_CLIENT_SECRET)]
    said = lines(worker)
    assert secrets_in(worker.lines(), pairs) == []
    assert "the secret is **********" in {each["event"] for each in said}
    [reread] = [each for each in said if each["event"] == "settings read again"]
    assert (code, reread["changed"]) == (0, ["kuflow.client_secret"])

    asked = next(each for each in said if "404" in str(each.get("error")))
    assert {"workflow_id", "run_id", "activity_type", "activity_id", "attempt", "request_id"} <= set(asked)
    failed = next(each for each in said if each["event"].startswith("Failed activation on workflow"))
    assert (failed["workflow_id"], failed["workflow_type"]) == ("careless", "CarelessWorkflow")
    about = {each["workflow_id"] for each in said if "workflow_id" in each}
    assert about == {"careless"}


async def test_a_worker_is_told_by_signals(dev: Dev, tmp_path: Path) -> None:
    """SIGHUP reads the settings, SIGUSR1 and SIGUSR2 pause and resume, SIGTERM drains as ever."""
    file = tmp_path / "kurun.toml"
    settings = '[log]\nlevel = "{}"\nformat = "{}"\n[worker]\nreload_interval = 3600\n'
    file.write_text(settings.format("INFO", "json"))
    variables = environment(dev, tmp_path)
    async with kurun("run", log=tmp_path / "worker.log", environment=variables, folder=tmp_path) as worker:
        await worker.says("registered with KuFlow")
        file.write_text(settings.format("WARNING", "console"))
        worker.process.send_signal(signal.SIGHUP)
        await worker.says("settings read again")
        worker.process.send_signal(signal.SIGUSR1)
        await worker.says("SIGUSR2 resumes")
        file.write_text(settings.format("INFO", "json"))
        worker.process.send_signal(signal.SIGHUP)
        await worker.says("the log has another level")
        worker.process.send_signal(signal.SIGUSR2)
        await worker.says("activities are taken again")
        code = await worker.stop()

    events = [each["event"] for each in lines(worker)]
    first = events.index("needs a restart: log.format")
    assert code == 0
    assert events[first : first + 6] == [
        "needs a restart: log.format",
        "settings read again",
        "paused: no new activities are taken, running ones go on; SIGUSR2 resumes",
        "the log has another level",
        "resumed: activities are taken again",
        "draining, a second signal ends at once",
    ]

"""A K2 login that is revoked while the bridge works: nothing fails, and a new login is enough."""

import asyncio
import sys
import time
from collections import Counter
from pathlib import Path
from uuid import UUID

import pytest
from temporalio.client import Client

from kurun_activities.k2 import failure_types, names
from kurun_clients.kuflow import KuFlowClient
from kurun_clients.kuflow.models import ProcessItemTaskState, ProcessState
from tests.processes import Dev, kurun
from tests.proof.conftest import Figure
from tests.proof.k2_people import choice, complete_items
from tests.proof.k2_stage import SVC, history, k2_dev, k2_worker, start_loans

BEFORE, MEANWHILE = 20, 5

BROWSER = """
import sys
import urllib.request

urllib.request.urlopen(sys.argv[1] + "&auto=1&login_hint=svc").read()
"""


def _oauth(dev: Dev, folder: Path) -> dict[str, str]:
    names = ("oauth_authorization_url", "oauth_token_url", "oauth_client_id", "oauth_client_secret", "endpoint")
    given = {name.upper(): dev.info["k2"][name] for name in names}
    return {**given, "AUTHENTICATION": "oauth", "OAUTH_TOKEN_FILE": str(folder / "login.json")}


async def _log_in(dev: Dev, folder: Path) -> None:
    """``kurun k2 login``, with a browser in which nobody need do anything."""
    (folder / "browser.py").write_text(BROWSER)
    variables = {f"KURUN_K2_{name}": value for name, value in _oauth(dev, folder).items()}
    variables |= {"BROWSER": f"{sys.executable} {folder}/browser.py %s"}
    async with kurun("k2", "login", log=folder / "login.log", environment=variables) as login:
        async with asyncio.timeout(30):
            assert 0 == await login.process.wait(), login.lines()


async def _shown(
    kuflow: KuFlowClient, number: int, state: ProcessItemTaskState = ProcessItemTaskState.READY, *, seconds: float = 60
) -> None:
    """Wait until so many items are in a state."""
    async with asyncio.timeout(seconds):
        while (await kuflow.process_items.find(size=0, task_state=state)).metadata.total_elements < number:
            await asyncio.sleep(0.1)


async def _answer_all(dev: Dev, kuflow: KuFlowClient, number: int) -> None:
    """Ada completes items until so many are completed."""
    done = asyncio.Event()
    async with dev.person() as ada, asyncio.TaskGroup() as people:
        people.create_task(complete_items(ada, until=done.is_set))
        await _shown(kuflow, number, ProcessItemTaskState.COMPLETED, seconds=90)
        done.set()


async def _waiting(dev: Dev, ids: list[UUID], *, attempts: int) -> Counter[str]:
    """Wait until the actions of all mirrors have been tried so often; what they failed with last."""
    client = await Client.connect(dev.info["engine"]["direct_address"], namespace=dev.info["engine"]["namespace"])
    failures: Counter[str] = Counter()
    for each in ids:
        while True:
            described = await client.get_workflow_handle(str(each)).describe()
            tried = [
                pending
                for pending in described.raw_description.pending_activities
                if pending.activity_type.name == names.ACT_ON_TASK and pending.attempt >= attempts
            ]
            if tried:
                last = tried[0].last_failure
                # Temporal shortens what is long, inside a failure without a type.
                failures[
                    (last if last.application_failure_info.type else last.cause).application_failure_info.type
                ] += 1
                break
            await asyncio.sleep(0.2)
    return failures


@pytest.mark.timeout(400)
async def test_a_login_that_is_revoked_and_made_again(tmp_path: Path, figure: Figure) -> None:
    """The worker says what to do and keeps trying; after `kurun k2 login` it goes on with everything by itself."""
    async with k2_dev(tmp_path, "--switch", "k2_oauth_auto_login=true") as dev, dev.client() as kuflow:
        await _log_in(dev, tmp_path)
        loans = await start_loans(dev, range(BEFORE))
        settings = {**_oauth(dev, tmp_path), "WATCH_INTERVAL": "1"}
        async with k2_worker(dev, settings, log=tmp_path / "worker.log") as worker:
            await _shown(kuflow, BEFORE)
            ids = [each.id async for each in kuflow.processes.iterate()]
            await dev.steer("DELETE", "/_twin/k2/tokens")
            loans |= await start_loans(dev, range(BEFORE, BEFORE + MEANWHILE))
            await _answer_all(dev, kuflow, BEFORE)
            await worker.says("run `kurun k2 login`")
            async with asyncio.timeout(120):
                failures = await _waiting(dev, ids, attempts=3)
            waiting = Counter([(await kuflow.processes.retrieve(each)).state for each in ids])
            acted_before = len(await history(dev, "acted"))

            await _log_in(dev, tmp_path)
            began = time.monotonic()
            await _shown(kuflow, MEANWHILE, seconds=120)
            await _answer_all(dev, kuflow, BEFORE + MEANWHILE)
            async with asyncio.timeout(120):
                while (await kuflow.processes.find(size=0, state=ProcessState.RUNNING)).metadata.total_elements:
                    await asyncio.sleep(0.2)
            took = time.monotonic() - began
            said = [line for line in worker.lines().splitlines() if "run `kurun k2 login`" in line]
        acted = await history(dev, "acted")
        ended = Counter([each.state async for each in kuflow.processes.iterate()])

    figure("actions that wait after a revoked login", f"{dict(failures)}, none done", f"{BEFORE} LoginRequired")
    figure("their processes meanwhile", dict(waiting), f"RUNNING: {BEFORE}")
    figure("seconds from the new login to everything done", f"{took:.0f}", "< 120")
    figure("log lines that say to log in", len(said), "one an attempt, and some")
    assert {failure_types.LOGIN_REQUIRED: BEFORE} == failures
    assert {ProcessState.RUNNING: BEFORE} == waiting
    assert 0 == acted_before
    assert {ProcessState.COMPLETED: BEFORE + MEANWHILE} == ended
    assert {number: (SVC, choice(folio)) for folio, number in loans.items()} == {
        row["instance_id"]: (row["who"], row["detail"]["action"]) for row in acted
    }
    assert BEFORE + MEANWHILE == len(acted)
    assert took < 120

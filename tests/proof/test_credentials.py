"""Engine tokens that live for seconds, renewed under load, for minutes."""

import asyncio
from pathlib import Path

import pytest

from tests.proof.conftest import Figure, proof_dev, proof_worker
from tests.proof.processes_of_twin import completed, failed_attempts, start


@pytest.mark.timeout(300)
async def test_five_second_tokens_for_three_minutes(tmp_path: Path, documents: Path, figure: Figure) -> None:
    """Three minutes under load with 5-second tokens: many renewals, no refused poll, no failed activity."""
    async with (
        proof_dev(tmp_path, "--token-life", "5") as dev,
        proof_worker(dev, documents, log=tmp_path / "worker.log"),
        dev.client() as kuflow,
    ):
        before = (await dev.figures())["counts"]["engine_tokens"]
        ids = await start(dev, kuflow, "TICKS", number=10)
        await completed(kuflow, ids, seconds=240)
        figures = await dev.figures()
        renewals = figures["counts"]["engine_tokens"] - before
        failed = await failed_attempts(dev, ids)

        figure("renewals in 3 minutes of 5-second tokens", renewals, "> 30")
        figure("calls to the engine", figures["engine"]["calls_total"], "many")
        figure("refused calls", figures["engine"]["refusals_total"], "0")
        figure("least life left of a token in use", f"{figures['engine']['least_token_left']:.2f} s", "> 0")
        figure("failed activities", failed, "0")
        assert renewals > 30
        assert figures["engine"]["refusals"] == {}
        assert failed == 0


@pytest.mark.timeout(180)
async def test_renewal_failing_for_twenty_seconds(tmp_path: Path, documents: Path, figure: Figure) -> None:
    """While renewal fails for 20 s the old 45-second token serves, no poll is refused, and renewal recovers."""
    async with (
        proof_dev(tmp_path, "--token-life", "45") as dev,
        proof_worker(dev, documents, log=tmp_path / "worker.log") as worker,
        dev.client() as kuflow,
    ):
        await dev.misbehave({"method": "POST", "path": "/authentications$", "status": 503})
        await worker.says("renewal fails")
        failing_from = asyncio.get_running_loop().time()
        await completed(kuflow, await start(dev, kuflow, "CREATE"), seconds=15)
        # The outage itself, not a wait for something.
        await asyncio.sleep(failing_from + 20 - asyncio.get_running_loop().time())
        await dev.misbehave()
        await worker.says("renewal works again")
        failed_for = asyncio.get_running_loop().time() - failing_from
        figures = await dev.figures()

        figure("seconds for which renewal failed", f"{failed_for:.1f}", ">= 20")
        figure("refused calls meanwhile", figures["engine"]["refusals_total"], "0")
        assert failed_for >= 20
        assert figures["engine"]["refusals"] == {}


@pytest.mark.timeout(180)
async def test_recovery_after_the_token_ran_out(tmp_path: Path, documents: Path, figure: Figure) -> None:
    """Renewal fails for longer than a 5-second token lives: polls are refused then, and afterwards work goes on."""
    async with (
        proof_dev(tmp_path, "--token-life", "5") as dev,
        proof_worker(dev, documents, log=tmp_path / "worker.log") as worker,
        dev.client() as kuflow,
    ):
        await dev.misbehave({"method": "POST", "path": "/authentications$", "status": 503})
        async with asyncio.timeout(30):
            while not (await dev.figures())["engine"]["refusals_total"]:
                await asyncio.sleep(0.1)
        ids = await start(dev, kuflow, "CREATE", number=3)
        await dev.misbehave()
        began = asyncio.get_running_loop().time()
        await worker.says("renewal works again")
        await completed(kuflow, ids, seconds=60)
        took = asyncio.get_running_loop().time() - began

        figure("seconds from the API's return, with a dead token, to all processes completed", f"{took:.1f}", "< 60")
        assert worker.process.returncode is None
        assert took < 60

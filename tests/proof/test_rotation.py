"""Secrets rotated again and again under load, as Kubernetes mounts them, and a pause in the middle of it."""

import asyncio
import signal
from itertools import count
from pathlib import Path

import pytest

from tests.processes import Dev, kurun
from tests.proof.conftest import HERE, Figure, proof_dev
from tests.proof.processes_of_twin import completed, failed_attempts, start

ROTATIONS = 6


class Mount:
    """A mounted secret: a folder whose link ``..data`` is turned to the newest version."""

    def __init__(self, folder: Path, secret: str) -> None:
        self.folder = folder
        self._versions = count()
        folder.mkdir()
        self.put(secret)
        (folder / "kurun_kuflow_client_secret").symlink_to("..data/kurun_kuflow_client_secret")

    def put(self, secret: str) -> None:
        """Put a new version in force."""
        version = f"..version-{next(self._versions)}"
        (self.folder / version).mkdir()
        (self.folder / version / "kurun_kuflow_client_secret").write_text(secret)
        (self.folder / "..tmp").symlink_to(version)
        (self.folder / "..tmp").rename(self.folder / "..data")


async def rotate(dev: Dev, mount: Mount, *, late: float) -> str:
    """Give the application another secret; the old one is void at once, and the mount follows some seconds later."""
    secret = str((await dev.steer("POST", "/_twin/secret", {})).json()["client_secret"])
    dev.info["kuflow"]["client_secret"] = secret
    await asyncio.sleep(late)
    mount.put(secret)
    return secret


@pytest.mark.timeout(240)
async def test_secrets_rotated_under_load_fail_no_call(tmp_path: Path, figure: Figure) -> None:
    """Rotations with 5-second tokens while processes create items: no failed attempt, no refused poll, no secret told.

    A pause between two rotations holds what is started in it back, and nothing of it is lost.
    """
    async with proof_dev(tmp_path, "--token-life", "5") as dev:
        secrets = [dev.info["kuflow"]["client_secret"]]
        mount = Mount(tmp_path / "secrets", secrets[0])
        variables = dev.environment(
            task_queue="proof",
            modules=["tests.proof.served"],
            KURUN_SECRETS_DIR=str(mount.folder),
            KURUN_WORKER_RELOAD_INTERVAL="1",
            KURUN_LOG_LEVEL="DEBUG",
        )
        del variables["KURUN_KUFLOW_CLIENT_SECRET"]
        log = tmp_path / "worker.log"
        async with kurun("run", log=log, environment=variables, folder=HERE.parents[1]) as worker:
            await worker.says("registered with KuFlow")
            ids = []
            for number in range(ROTATIONS):
                async with dev.client() as kuflow:
                    ids += await start(dev, kuflow, "CREATE", number=5)
                if number == ROTATIONS // 2:
                    worker.process.send_signal(signal.SIGUSR1)
                    await worker.says("SIGUSR2 resumes")
                secrets.append(await rotate(dev, mount, late=2.0))
                await asyncio.sleep(3)
            worker.process.send_signal(signal.SIGUSR2)
            async with dev.client() as kuflow:
                await completed(kuflow, ids, seconds=60)
            failed, figures, text = await failed_attempts(dev, ids), await dev.figures(), worker.lines()

    figure("rotations under load with 5-second tokens", ROTATIONS, f"{ROTATIONS}")
    figure("failed attempts of activities", failed, "0")
    figure("refused calls to the engine", figures["engine"]["refusals_total"], "0")
    assert failed == 0
    assert figures["engine"]["refusals"] == {}
    assert text.count("settings read again") >= ROTATIONS
    assert not [secret for secret in secrets if secret in text]

"""The twin with K2 as a process, a worker that bridges, and what both sides say of it."""

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from kurun_clients.http.auth import BasicAuth
from kurun_clients.k2 import ServicesClient, WorkflowClient
from kurun_clients.k2.services import ProcessStart
from kurun_twin.k2.app import OPERATIONS
from tests.processes import Dev, Kurun, kurun, kurun_dev

HERE = Path(__file__).parent
DEFINITIONS = HERE / "k2_definitions.yaml"

BOB, SVC = "ACME\\Bob", "ACME\\svc"
LOAN, ASKED = 1, 2
"""Workflows: one whose task is the worker's account's, and one that Bob decides before that account is told."""

BATCH: Final = 500


@contextlib.asynccontextmanager
async def k2_dev(folder: Path, *options: str) -> AsyncIterator[Dev]:
    """``kurun dev`` with K2."""
    async with kurun_dev(folder, *options, definitions=DEFINITIONS) as dev:
        yield dev


@contextlib.asynccontextmanager
async def k2_worker(
    dev: Dev, settings: Mapping[str, str], *, log: Path, mirroring: bool = True
) -> AsyncIterator[Kurun]:
    """``kurun run`` that watches the service account; settings of K2 as in ``{"WATCH_INTERVAL": "1"}``."""
    k2 = dev.info["k2"]
    given = {name.upper(): k2[name] for name in ("endpoint", "services_endpoint", "user", "password")}
    [mirror] = [each["id"] for each in dev.info["process_definitions"] if each["code"] == "MIRROR"]
    if mirroring:
        given["MIRROR_PROCESS_DEFINITION_ID"] = mirror
    given |= {"WATCH": "true", **settings}
    variables = dev.environment(
        task_queue="proof", modules=[], **{f"KURUN_K2_{name}": value for name, value in given.items()}
    )
    async with kurun("run", log=log, environment=variables, folder=HERE.parents[1]) as worker:
        await worker.says("registered with KuFlow")
        yield worker
        await worker.stop()


def account(dev: Dev, name: str) -> WorkflowClient:
    """The Workflow REST API as an account sees it."""
    return WorkflowClient(dev.info["k2"]["endpoint"], auth=_auth(dev, name))


def services(dev: Dev, name: str) -> ServicesClient:
    """The K2 Services as an account sees them."""
    return ServicesClient(dev.info["k2"]["services_endpoint"], auth=_auth(dev, name))


def _auth(dev: Dev, name: str) -> BasicAuth:
    [password] = [each["password"] for each in dev.info["k2"]["users"] if each["name"] == name]
    return BasicAuth(name, password)


async def start_loans(dev: Dev, numbers: Sequence[int]) -> dict[str, int]:
    """Bob starts an instance for each number; their ids, by folio."""
    wanted = [ProcessStart(full_name="Loans\\Loan", folio=f"Loan {number}") for number in numbers]
    ids: list[int] = []
    async with services(dev, BOB) as k2:
        for first in range(0, len(wanted), BATCH):
            ids += await k2.process.start_many(wanted[first : first + BATCH])
    return {each.folio or "": number for each, number in zip(wanted, ids, strict=True)}


async def history(dev: Dev, what: str) -> list[dict[str, Any]]:
    """What happened in K2, of one kind, oldest first."""
    rows: list[dict[str, Any]] = []
    after: int | None = 0
    while after is not None:
        page = (await dev.steer("GET", f"/_twin/k2/history?what={what}&after={after}")).json()
        rows += page["rows"]
        after = page["next"]
    return rows


async def k2_requests(dev: Dev) -> dict[str, dict[str, Any]]:
    """What K2 was asked, by operation."""
    by_operation: dict[str, dict[str, Any]] = (await dev.figures())["requests"]["by_operation"]
    return {each.name: by_operation[each.name] for each in OPERATIONS if each.name in by_operation}

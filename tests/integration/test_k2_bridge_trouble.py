"""The bridge under lost replies and a busy K2, and without a valid login."""

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen
from uuid import UUID

import pytest
from pydantic import AnyHttpUrl, SecretStr

from kurun_activities.k2.folio import key_of
from kurun_clients.k2 import FileTokenStore, log_in
from kurun_clients.k2.oauth import endpoint_of
from kurun_clients.kuflow.models import ProcessItemTaskState
from kurun_config import K2Authentication, K2Settings
from kurun_twin.engine.temporal_server import TemporalServer
from kurun_twin.scenario import Rule
from tests.integration.k2_bridge import BOB, LOAN, REPORTING, SVC, Bridge, bridging, found, open_bridge
from tests.waiting import until

TASKS, APPROVALS = 12, 3

FAULTS = [
    Rule(method="POST", path=r"/api/workflow/v1/tasks/.*/actions/", drop="after", times=4),
    Rule(method="POST", path=r"/api/workflow/v1/workflows/", drop="after", times=1),
    Rule(path="^/api/workflow/", status=503, probability=0.1),
]


async def _completed(bridge: Bridge, instance: int, action: str) -> UUID:
    """Ada chooses an action for the task of an instance; the process that mirrored it."""
    process_id = await bridge.mirror(await bridge.serial(instance))
    item = await bridge.item(process_id)
    await bridge.complete(item, action=action, changes={"Amount": instance})
    await bridge.ended(process_id)
    assert await bridge.state(item) is ProcessItemTaskState.COMPLETED
    return process_id


async def _approved(bridge: Bridge, number: int) -> dict[str, Any]:
    """A process asks K2, and Bob approves; its outcome."""
    process_id = await bridge.process("APPROVAL", workflowId=REPORTING, folio=f"Ask {number}")

    async def started() -> int | None:
        rows = await bridge.happened(None, "started")
        return next((row["instance_id"] for row in rows if key_of(row["detail"]["folio"]) == str(process_id)), None)

    await bridge.act(await found(started), BOB, "Approve")
    await bridge.ended(process_id)
    return await bridge.outcome(process_id)


async def test_nothing_is_done_twice_or_left_undone(temporal_server: TemporalServer, tmp_path: Path) -> None:
    """Replies to actions and a start are lost and K2 is often busy: each task is acted on once, as it was chosen."""
    async with open_bridge(tmp_path, temporal_server.address) as bridge, bridging(bridge):
        chosen = {await bridge.start(LOAN): ("Approve", "Decline")[number % 2] for number in range(TASKS)}
        bridge.twin.scenario.replace(FAULTS, seed=1)
        tasks = asyncio.gather(*(_completed(bridge, *each) for each in chosen.items()))
        outcomes = await asyncio.gather(*(_approved(bridge, number) for number in range(APPROVALS)))
        mirrors = await tasks
        met = [each["met"] for each in bridge.twin.scenario.snapshot()["rules"]]
        acted = await bridge.happened(None, "acted")
        keys = Counter(key_of(row["detail"]["folio"]) for row in await bridge.happened(None, "started"))

        assert [4, 1] == met[:2]
        assert met[2] > 0
        assert {number: (SVC, action) for number, action in chosen.items()} == {
            row["instance_id"]: (row["who"], row["detail"]["action"]) for row in acted if row["instance_id"] in chosen
        }
        assert TASKS + 2 * APPROVALS == len(acted) == len({row["serial"] for row in acted})
        assert {None: TASKS} == {key: number for key, number in keys.items() if number > 1}
        assert APPROVALS == len(keys) - 1
        assert ["approved"] * APPROVALS == [outcome["dataFields"]["Decision"] for outcome in outcomes]
        assert TASKS == len(set(mirrors)) == await bridge.processes() - APPROVALS


def _browse(url: str) -> None:
    with urlopen(f"{url}&auto=1&login_hint=svc"):  # noqa: S310 - the twin's
        pass


async def _log_in(settings: K2Settings, file: Path) -> None:
    async with endpoint_of(settings, interactive=True) as endpoint:
        await log_in(endpoint, FileTokenStore(file), open_browser=_browse)


@pytest.mark.long
async def test_a_revoked_login_is_waited_for(
    temporal_server: TemporalServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says how to log in again, no process fails, and after the login the bridge goes on by itself."""
    file = tmp_path / "login.json"
    async with open_bridge(tmp_path, temporal_server.address, k2_oauth_auto_login=True) as bridge:
        k2 = bridge.twin.info["k2"]
        oauth = {
            "authentication": K2Authentication.OAUTH,
            "oauth_authorization_url": AnyHttpUrl(k2["oauth_authorization_url"]),
            "oauth_token_url": AnyHttpUrl(k2["oauth_token_url"]),
            "oauth_client_id": k2["oauth_client_id"],
            "oauth_client_secret": SecretStr(k2["oauth_client_secret"]),
            "oauth_token_file": file,
            "watch_interval": timedelta(milliseconds=100),
        }
        settings = bridge.settings.k2.model_copy(update=oauth)
        await _log_in(settings, file)
        async with bridging(bridge, **oauth):
            first = await bridge.start(LOAN)
            process_id = await bridge.mirror(await bridge.serial(first))
            item = await bridge.item(process_id)
            await bridge.k2.database.run(bridge.k2.tokens.revoke)
            second = await bridge.start(LOAN)
            await until(lambda: "run `kurun k2 login`" in caplog.text)
            waiting = await bridge.processes()
            await _log_in(settings, file)
            await _completed(bridge, second, "Decline")
            await bridge.complete(item, action="Approve")
            await bridge.ended(process_id)

        assert 1 == waiting
        assert {first: "Approve", second: "Decline"} == {
            row["instance_id"]: row["detail"]["action"] for row in await bridge.happened(None, "acted")
        }

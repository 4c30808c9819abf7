"""K2 access tokens that end under load, and a login that is revoked while the bridge works."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.request import urlopen

import httpx2
import pytest

from kurun_clients.http import AiohttpTransport
from kurun_clients.k2 import FileTokenStore, K2Error, WorkflowClient, WorkflowStart, log_in
from kurun_clients.k2.oauth import endpoint_of, oauth_auth_of
from kurun_config import K2Settings
from kurun_twin.options import TwinOptions
from kurun_twin.twin_server import TwinServer
from tests.proof.conftest import Figure
from tests.proof.k2_stage import DEFINITIONS, LOAN, SVC

CALLERS = 50
AT_THE_END = timedelta(milliseconds=10)


class Watched(AiohttpTransport):
    """Remembers the access tokens that went over the wire."""

    def __init__(self) -> None:
        super().__init__(max_connections=CALLERS)
        self.tokens: set[str] = set()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send, and remember the token."""
        self.tokens.add(request.headers["authorization"])
        return await super().handle_async_request(request)


@dataclass
class Load:
    """Fifty callers, each with a task of its own to open and close."""

    twin: TwinServer
    k2: WorkflowClient
    tokens: set[str]
    calls: int = 0
    failed: int = 0

    @property
    def refreshes(self) -> int:
        """Access tokens that a refresh token was given for."""
        return int(self.twin.platform.figures.counts["k2_tokens_refresh_token"])

    @property
    def refused(self) -> int:
        """Calls that K2 refused with 401, whatever became of them."""
        operations = self.twin.platform.figures.snapshot()["requests"]["by_operation"]
        return sum(each["by_status"].get("401", 0) for each in operations.values())

    async def keep_up(self, until: float) -> None:
        """Call K2 as fast as it answers, reads and changes in turn."""
        serials = [task.serial_number for task in (await self.k2.tasks.find()).tasks]
        assert CALLERS == len(serials)
        async with asyncio.TaskGroup() as callers:
            for serial in serials:
                callers.create_task(self._call(serial, until))

    async def _call(self, serial: str, until: float) -> None:
        tasks = self.k2.tasks
        while time.monotonic() < until:
            for call in (tasks.retrieve, tasks.assign, tasks.actions, tasks.release):
                self.calls += 1
                try:
                    await call(serial)
                except K2Error:
                    self.failed += 1


def _browse(url: str) -> None:
    with urlopen(f"{url}&auto=1&login_hint={SVC}"):  # noqa: S310 - the twin's
        pass


@asynccontextmanager
async def loaded(folder: Path, *, life: float, margin: timedelta) -> AsyncIterator[Load]:
    """A twin whose access tokens live that long, and callers who have logged in."""
    options = TwinOptions(
        folder / "twin", definitions=DEFINITIONS, k2_token_life=timedelta(seconds=life), k2_oauth_auto_login=True
    )
    async with TwinServer(options) as twin:
        names = ("oauth_authorization_url", "oauth_token_url", "oauth_client_id", "oauth_client_secret", "endpoint")
        settings = K2Settings.model_validate(
            {name: twin.info["k2"][name] for name in names}
            | {"oauth_token_file": folder / "login.json", "oauth_renewal_margin": margin}
        )
        store = FileTokenStore(folder / "login.json")
        async with endpoint_of(settings, interactive=True) as endpoint:
            await log_in(endpoint, store, open_browser=_browse)
        transport = Watched()
        async with WorkflowClient(str(settings.endpoint), auth=oauth_auth_of(settings), transport=transport) as k2:
            for number in range(CALLERS):
                await k2.workflows.start(LOAN, WorkflowStart(folio=f"Loan {number}"))
            yield Load(twin, k2, transport.tokens)


@pytest.mark.parametrize(
    ("life", "margin", "least"),
    [(6, timedelta(minutes=5), 3), (3, AT_THE_END, 2.8)],
    ids=["renewed early", "used to the end"],
)
@pytest.mark.timeout(120)
async def test_short_tokens_for_thirty_seconds(
    tmp_path: Path, figure: Figure, life: float, margin: timedelta, least: float
) -> None:
    """Fifty callers at once: one renewal for each token, and no call fails; in time, no call is even refused."""
    async with loaded(tmp_path, life=life, margin=margin) as load:
        began = time.monotonic()
        await load.keep_up(began + 30)
        took = time.monotonic() - began
        early = margin > AT_THE_END

        figure(f"{life}-second tokens, {'renewed early' if early else 'used to the end'}: calls", load.calls, "many")
        figure("refreshes", f"{load.refreshes} for {len(load.tokens)} tokens in {took:.0f} s", "one each")
        figure("calls refused, calls failed", f"{load.refused}, {load.failed}", "0, 0" if early else "few, 0")
        assert 0 == load.failed
        assert load.refreshes == len(load.tokens)
        assert took / life - 1 <= load.refreshes <= took / least + 2
        assert not (early and load.refused)


@pytest.mark.timeout(120)
async def test_tokens_that_k2_ends_early(tmp_path: Path, figure: Figure) -> None:
    """K2 refuses the token in use to fifty callers, ten times: ten renewals, and no call fails."""
    async with loaded(tmp_path, life=3600, margin=timedelta(minutes=5)) as load:
        assert load.twin.k2 is not None
        calling = asyncio.create_task(load.keep_up(time.monotonic() + 20))
        for _ in range(10):
            await asyncio.sleep(1.5)
            await load.twin.k2.database.run(load.twin.k2.tokens.revoke, None, frozenset({"access"}))
        await calling

        figure("access tokens ended early, refreshes", f"10, {load.refreshes}", "10, 11 with the first")
        figure("calls, calls refused, calls failed", f"{load.calls}, {load.refused}, {load.failed}", "many, many, 0")
        assert 11 == load.refreshes == len(load.tokens)
        assert load.refused >= 10
        assert 0 == load.failed

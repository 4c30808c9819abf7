"""Secrets and passwords that the twin gives anew when it is told to."""

import asyncio
from pathlib import Path
from typing import Any

import httpx2

from tests.unit.k2_twins import open_k2_twin
from tests.unit.twins import open_twin


def application(app: Any, client_id: str, secret: str) -> httpx2.AsyncClient:
    """A client that shows this secret."""
    transport = httpx2.ASGITransport(app)
    return httpx2.AsyncClient(transport=transport, base_url="http://twin", auth=(client_id, secret))


async def test_a_new_secret_ends_the_old_one(tmp_path: Path) -> None:
    """At once, and it is kept: the next start knows it too."""
    with open_twin(tmp_path) as twin:
        old = twin.worker.credentials
        async with application(twin.app, old.client_id, old.client_secret) as client:
            given = (await client.post("/_twin/secret", json={})).json()
            refused = await client.get("/_twin/figures")
        async with application(twin.app, given["client_id"], given["client_secret"]) as client:
            taken = await client.get("/_twin/figures")
    with open_twin(tmp_path) as twin:
        kept = twin.worker.credentials

    assert (refused.status_code, taken.status_code) == (401, 200)
    assert (kept.client_id, kept.client_secret) == (old.client_id, given["client_secret"])


async def test_an_old_secret_may_stay_good_for_a_while(tmp_path: Path) -> None:
    """So that those who hold it can change over."""
    with open_twin(tmp_path) as twin:
        old = twin.worker.credentials
        async with application(twin.app, old.client_id, old.client_secret) as client:
            await client.post("/_twin/secret", json={"keep_old": 0.2})
            during = await client.get("/_twin/figures")
            async with asyncio.timeout(5):
                while (await client.get("/_twin/figures")).status_code != 401:
                    await asyncio.sleep(0.02)

    assert during.status_code == 200


async def test_people_cannot_have_new_secrets(tmp_path: Path) -> None:
    """Only applications steer the twin."""
    with open_twin(tmp_path) as twin:
        person = twin.platform.principals.users[0].credentials
        async with application(twin.app, person.client_id, person.client_secret) as client:
            refused = await client.post("/_twin/secret", json={})

    assert refused.status_code == 403


async def test_a_new_password_of_k2_ends_the_old_one(tmp_path: Path) -> None:
    """Both of K2's APIs share the account; somebody unknown gets none."""
    with open_k2_twin(tmp_path) as twin:
        async with twin.steering() as steering, twin.client("svc") as old:
            before = await old.get("/tasks")
            given = (await steering.post("/k2/password?user=svc")).json()
            after = await old.get("/tasks")
            unknown = await steering.post("/k2/password?user=nobody")
        async with twin.client("svc") as new:
            taken = await new.get("/tasks")

    assert (before.status_code, after.status_code, taken.status_code, unknown.status_code) == (200, 401, 200, 400)
    assert given["user"].endswith("svc")

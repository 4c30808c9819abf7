"""The tenant of the twin, its principals, users and groups."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from tests.unit.twins import Json, Twin, open_twin, reason

MORE = """
tenant: {name: Acme, plan: PREMIUM}
principals:
  applications: [{name: worker}]
  users: [{name: Ada, email: ada@example.com, metadata: {branch: Bilbao}}, {name: Bob, email: bob@example.com}]
groups:
  - {code: CLERKS, name: Clerks, members: [ADA@example.com, worker]}
  - {code: NOBODY}
"""


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """A twin with two groups; nothing here can change it."""
    with open_twin(tmp_path_factory.mktemp("twin"), MORE) as opened:
        yield opened


@pytest.fixture
def worker(twin: Twin) -> httpx2.AsyncClient:
    """The application's client."""
    return twin.client()


async def found(client: httpx2.AsyncClient, path: str, **query: Any) -> list[Json]:
    """The content of the first page."""
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    content: list[Json] = answer.json()["content"]
    return content


async def group_id(client: httpx2.AsyncClient) -> str:
    """Id of the group CLERKS."""
    return str((await found(client, "/groups", groupCode="CLERKS"))[0]["id"])


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["worker", "Ada", "Bob", "KuFlow"]),
        ({"sort": "name,desc"}, ["worker", "KuFlow", "Bob", "Ada"]),
        ({"type": "USER"}, ["Ada", "Bob"]),
        ({"type": "SYSTEM"}, ["KuFlow"]),
        ({"groupCode": "CLERKS"}, ["worker", "Ada"]),
        ({"groupCode": ["NOBODY", "CLERKS"], "type": "USER"}, ["Ada"]),
        ({"groupCode": "NOBODY"}, []),
        ({"groupCode": "UNKNOWN"}, []),
        ({"groupId": str(uuid4())}, []),
        ({"tenantId": str(uuid4())}, []),
        ({"size": 2, "page": 1}, ["Bob", "KuFlow"]),
    ],
)
async def test_principals_are_found(worker: httpx2.AsyncClient, query: Json, names: list[str]) -> None:
    """By type, group and tenant; the system that does what nobody asked for is one of them."""
    assert names == [each["name"] for each in await found(worker, "/principals", **query)]


async def test_every_principal_can_be_read(twin: Twin, worker: httpx2.AsyncClient) -> None:
    """A user has an e-mail address, an application an id of its own, whoever made something is among them."""
    tenant = (await worker.get(f"/tenants/{twin.tenant_id}")).json()
    bodies = [(await worker.get(f"/principals/{each['id']}")).json() for each in await found(worker, "/principals")]

    assert [set(each) - {"id", "type", "name"} for each in bodies] == [{"application"}, {"user"}, {"user"}, set()]
    assert bodies[1]["user"]["email"] == "ada@example.com"
    assert tenant["createdBy"] == bodies[3]["id"]
    assert reason(await worker.get(f"/principals/{uuid4()}"))["status"] == 404


async def test_there_is_one_tenant(twin: Twin, worker: httpx2.AsyncClient) -> None:
    """Its plan stands in the definitions file; another tenant does not exist."""
    tenant = (await worker.get(f"/tenants/{twin.tenant_id}")).json()

    assert (tenant["name"], tenant["plan"]) == ("Acme", "PREMIUM")
    assert await found(worker, "/tenants") == [{"id": twin.tenant_id, "name": "Acme"}]
    assert await found(worker, "/tenants", tenantId=str(uuid4())) == []
    assert reason(await worker.get(f"/tenants/{uuid4()}"))["status"] == 404


async def test_users_belong_to_the_tenant(twin: Twin, worker: httpx2.AsyncClient) -> None:
    """They are found by address and group, and carry their metadata; applications are none."""
    both = await found(worker, "/tenant-users")
    ada = await found(worker, "/tenant-users", email="ADA@example.com")
    whole = (await worker.get(f"/tenant-users/{ada[0]['id']}")).json()

    assert [each["principalId"] for each in both] == [twin.ada.id, twin.bob.id]
    assert ada == await found(worker, "/tenant-users", groupId=await group_id(worker))
    assert await found(worker, "/tenant-users", email="nobody@example.com") == []
    assert whole["principal"]["id"] == twin.ada.id
    assert whole["metadata"] == {"valid": True, "value": {"branch": "Bilbao"}}
    assert reason(await worker.get(f"/tenant-users/{twin.ada.id}"))["status"] == 404


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ({}, ["CLERKS", "NOBODY"]),
        ({"sort": "name,desc"}, ["NOBODY", "CLERKS"]),
        ({"groupCode": "NOBODY"}, ["NOBODY"]),
        ({"tenantId": str(uuid4())}, []),
        ({"principalId": str(uuid4())}, []),
    ],
)
async def test_groups_are_found(worker: httpx2.AsyncClient, query: Json, codes: list[str]) -> None:
    """By code, tenant and member; a group without a name goes by its code."""
    assert codes == [each["code"] for each in await found(worker, "/groups", **query)]


async def test_the_groups_of_a_principal(twin: Twin, worker: httpx2.AsyncClient) -> None:
    """A member is named in the definitions file by e-mail address, in any case, or by name."""
    for principal, codes in ((twin.ada, ["CLERKS"]), (twin.worker, ["CLERKS"]), (twin.bob, [])):
        assert codes == [each["code"] for each in await found(worker, "/groups", principalId=principal.id)]


async def test_what_the_file_names_stays_as_old(tmp_path: Path) -> None:
    """Ids and times are the same at every start on the same folder."""
    seen = []
    for _ in range(2):
        with open_twin(tmp_path, MORE) as twin:
            seen.append([await found(twin.client(), path) for path in ("/tenant-users", "/groups", "/principals")])

    assert seen[0] == seen[1]


@pytest.mark.parametrize(
    "path",
    [
        "/principals?type=OTHER",
        "/principals?type=USER&type=USER",
        "/principals?sort=createdAt",
        "/groups?principalId=7",
        "/groups?sort=name&sort=name,desc",
        "/tenants?size=1001",
        "/tenant-users?sort=name",
        "/tenant-users/7",
    ],
)
async def test_refusals(worker: httpx2.AsyncClient, path: str) -> None:
    """Values that cannot be right are refused, not passed over."""
    assert reason(await worker.get(path))["status"] == 400

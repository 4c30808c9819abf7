"""How the twin's K2 Services are called: credentials, formats, failures, and documents that are no good."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from kurun_twin.k2.services_api import OPERATIONS
from tests.unit.k2_twin_services import (
    REST,
    SYNC,
    XML,
    Services,
    criteria,
    instance,
    item,
    q,
    refused,
    root,
    update,
)
from tests.unit.k2_twins import PASSWORD, K2Twin, open_k2_twin

ITEMS = f"{REST}/Worklist/Items"
POSTS = [
    (f"{ITEMS}/Filtered", criteria()),
    (f"{ITEMS}/ExecuteAction?action=Approve", item("1_1")),
    (f"{REST}/Process/Instances/StartInstance", instance(FullName="Two")),
    (f"{REST}/Process/Instances/StartInstances", f"<ProcessInstances>{instance(FullName='Two')}</ProcessInstances>"),
    (f"{REST}/Process/Instances/UpdateProcessInstance", instance(ID="1", Folio="other")),
    (f"{SYNC}/Task/Items/Filtered", criteria()),
    (f"{SYNC}/Task/Items/UpdateTask", update("1_1", "Decline It")),
    (f"{SYNC}/Task/Items/UpdateTasks", f"<UpdateTaskCollection>{update('1_1', 'Decline It')}</UpdateTaskCollection>"),
]


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[K2Twin]:
    """A twin with K2."""
    with open_k2_twin(tmp_path) as opened:
        yield opened


@pytest.fixture
def bob(twin: K2Twin) -> Services:
    """The services as Bob calls them."""
    return Services(twin)


def _basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"}


@pytest.mark.parametrize("name", [r"ACME\Bob", r"K2:ACME\Bob", r"k2:acme\bob", "bob@ACME", "Bob"])
async def test_names_with_and_without_label(twin: K2Twin, name: str) -> None:
    """An account proves itself under every form of its name; the label may be left out."""
    async with twin.client(None, "") as client:
        answer = await client.get(f"{REST}/Core/WhoAmI", headers=_basic(name, PASSWORD))

    assert r"K2:ACME\Bob" == root(answer).text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        _basic(r"ACME\Bob", "wrong"),
        _basic("Nobody", ""),
        {"Authorization": "NTLM TlRMTVNTUAAB"},
        {"Authorization": "Bearer x"},
        {"Authorization": "Basic ?"},
    ],
)
async def test_without_valid_credentials(twin: K2Twin, headers: dict[str, str]) -> None:
    """Everyone else is challenged to Basic authentication alone, and nothing is done."""
    async with twin.client(None, "") as client:
        read = await client.get(ITEMS, headers=headers)
        start = await client.post(POSTS[2][0], content=POSTS[2][1], headers=XML | headers)

    assert (401, 401) == (read.status_code, start.status_code)
    assert 'Basic realm="K2"' == read.headers["www-authenticate"]
    assert refused(read)[0] == 401
    assert [] == twin.happened()


async def test_every_operation_is_counted_by_its_name(twin: K2Twin, bob: Services) -> None:
    """Requests of both endpoints are counted under the operation's name; names are unique."""
    await bob.get(f"{REST}/Core/WhoAmI")
    await bob.get(f"{SYNC}/Core/WhoAmI")
    await bob.get(f"{ITEMS}(1_1)/ProcessInstance/DataFields(x)")
    counted = twin.platform.figures.snapshot()["requests"]["by_operation"]

    assert counted["Core_WhoAmI"]["by_status"] == {"200": 2}
    assert counted["Worklist_OpenWorklistItemProcessInstanceDataField"]["by_status"] == {"404": 1}
    assert len(OPERATIONS) == len({each.name for each in OPERATIONS})


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"{REST}/worklist/items", 404),
        ("GET", "/k2services/REST.svc/Worklist/Items", 404),
        ("GET", "/K2Services/rest.svc/Worklist/Items", 404),
        ("GET", f"{REST}/Worklist/Items/", 404),
        ("GET", f"{REST}/Task/Items", 404),
        ("GET", f"{SYNC}/Worklist/Items", 404),
        ("GET", f"{ITEMS}()", 404),
        ("POST", ITEMS, 405),
        ("GET", f"{ITEMS}/ExecuteAction", 405),
        ("DELETE", f"{SYNC}/Task/Items", 405),
    ],
)
async def test_service_paths_are_case_sensitive(twin: K2Twin, method: str, path: str, status: int) -> None:
    """Another spelling and the other endpoint get WCF's page, which is no Failure; another method gets one."""
    async with twin.client("Bob", "") as client:
        answer = await client.request(method, path)

    if status == 404:
        assert (404, True) == (answer.status_code, "Endpoint not found." in answer.text)
    else:
        assert refused(answer) == (status, "The service has no such operation.")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"manager": r"K2:ACME\Eve"}, ["Bob Boss"]),
        ({"displayName": "*o*"}, ["Bob Boss", "Zoe"]),
        ({"username": r"acme\*", "email": "*@example.com"}, ["Bob Boss", "Eve Chief"]),
        ({"FQN": r"K2:ACME\S*"}, ["Service"]),
        ({"fqn": "Bob"}, []),
        ({"S_skip": "1", "S_top": "2"}, ["Eve Chief", "Service"]),
        ({"username": "*a" * 200 + "b"}, []),
    ],
)
async def test_users_are_found(bob: Services, query: dict[str, str], expected: list[str]) -> None:
    """All options that are given have to fit; * stands for any text."""
    found = root(await bob.get(f"{REST}/Identity/Users/SearchForUsers", **query))

    assert q("user", "UserCollection") == found.tag
    assert expected == [each.attrib["DisplayName"] for each in found]


async def test_users_on_both_endpoints(bob: Services) -> None:
    """All accounts, or one by its full name in the path, from both endpoints."""
    everyone = [root(await bob.get(f"{each}/Identity/Users")) for each in (REST, SYNC)]
    one = root(await bob.get(f"{SYNC}/Identity/Users(K2_C_ACME_B_Bob)"))

    assert [4, 4] == [len(each) for each in everyone]
    assert one.attrib == {
        "Username": r"ACME\Bob",
        "Fqn": r"K2:ACME\Bob",
        "Email": "bob@example.com",
        "Manager": r"K2:ACME\Eve",
        "DisplayName": "Bob Boss",
    }
    assert refused(await bob.get(f"{REST}/Identity/Users(K2_C_ACME_B_No)"))[0] == 404


async def test_json(twin: K2Twin, bob: Services, tmp_path: Path) -> None:
    """$format=json brings the same in PascalCase, with arrays for what repeats and dates as WCF writes them."""
    number = twin.start(folio="L-1", Amount=5)
    serial = twin.serial("Bob")

    (listed,) = (await bob.get(ITEMS, S_format="JSON", piDataField="true")).json()
    task = (await bob.get(f"{SYNC}/Task/Items({serial})", S_format="json")).json()
    failed = await bob.get(f"{ITEMS}(9_9)", S_format="json")

    assert (serial, "Available") == (listed["SerialNumber"], listed["Status"])
    assert {"Name": "Decline It", "Batchable": True} == listed["Actions"][1]
    assert (number, "L-1") == (listed["ProcessInstance"]["ID"], listed["ProcessInstance"]["Folio"])
    assert {"Name": "Amount", "Value": "5"} == listed["ProcessInstance"]["DataFields"][0]
    assert f"/Date({twin.clock.now // 1000})/" == listed["ProcessInstance"]["StartDate"]
    assert "Approve" == listed["ActivityInstanceDestination"]["Name"] == listed["EventInstance"]["Name"]
    assert ("L-1", 3) == (task["ProcessFolio"], len(task["Actions"]))
    assert (404, -1, "client-failure") == (failed.status_code, failed.json()["Code"], failed.json()["Description"])
    assert failed.json()["Message"].startswith("26030 ")
    assert r"K2:ACME\Bob" == (await bob.get(f"{REST}/Core/WhoAmI", S_format="json")).json()

    (tmp_path / "other").mkdir()
    with open_k2_twin(tmp_path / "other", k2_services_wcf_dates=False) as other:
        other.start()
        (first,) = (await Services(other).get(ITEMS, S_format="json")).json()
        assert first["ProcessInstance"]["StartDate"].endswith("Z")


async def test_the_format_follows_what_was_sent(twin: K2Twin, bob: Services) -> None:
    """Without $format the type of the request decides; what is neither XML nor JSON is refused."""
    async with twin.client("Bob", "") as client:
        by_type = await client.get(f"{REST}/Core/WhoAmI", headers={"Content-Type": "application/json"})
        forced = await client.get(f"{REST}/Core/WhoAmI?$format=xml", headers={"Content-Type": "application/json"})

    assert r"K2:ACME\Bob" == by_type.json() == root(forced).text
    assert refused(await bob.get(ITEMS, S_format="atom")) == (500, "$format is xml or json; 'atom' is not served")


@pytest.mark.parametrize(("path", "document"), POSTS)
async def test_json_is_taken_and_not_done(twin: K2Twin, path: str, document: str) -> None:
    """A JSON body is answered 202 with nothing, and nothing is done."""
    twin.start()
    async with twin.client("Bob", "") as client:
        answer = await client.post(path, json={"FullName": "Two"})
        other_type = await client.post(path, content=document, headers={"Content-Type": "text/plain"})

    assert (202, b"") == (answer.status_code, answer.content)
    assert refused(other_type) == (500, "XML is wanted, not text/plain")
    assert ["started"] == twin.happened()


async def test_failures_under_200(tmp_path: Path) -> None:
    """By a switch failures of operations come with status 200, in both formats; refused credentials do not."""
    with open_k2_twin(tmp_path, k2_failure_in_200=True) as twin:
        bob = Services(twin)
        answers = [
            await bob.get(f"{ITEMS}(9_9)"),
            await bob.get(f"{ITEMS}(9_9)/Actions(Approve)/Execute"),
            await bob.post(f"{SYNC}/Task/Items/UpdateTask", update("9_9", "a:Approve")),
            await bob.post(f"{ITEMS}/Filtered", "<Criteria>"),
        ]
        in_json = await bob.get(f"{ITEMS}(9_9)", S_format="json")
        async with twin.client(None, "") as client:
            challenged = await client.get(ITEMS)

    assert [(200, "26030")] * 3 == [(refused(each)[0], refused(each)[1][:5]) for each in answers[:3]]
    assert refused(answers[3])[0] == 200
    assert (200, -1) == (in_json.status_code, in_json.json()["Code"])
    assert challenged.status_code == 401

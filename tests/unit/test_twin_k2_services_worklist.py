"""The Worklist service of the twin's K2 Services."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.k2_twin_services import REST, Services, criteria, item, q, refused, root, succeeded
from tests.unit.k2_twins import K2Twin, open_k2_twin

ITEMS = f"{REST}/Worklist/Items"


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[K2Twin]:
    """A twin with K2."""
    with open_k2_twin(tmp_path) as opened:
        yield opened


@pytest.fixture
def bob(twin: K2Twin) -> Services:
    """The services as Bob calls them."""
    return Services(twin)


def _folios(document: object) -> list[str]:
    assert hasattr(document, "iter")
    return [each.attrib["Folio"] for each in document.iter(q("process", "ProcessInstance"))]


async def test_lists_hold_the_callers_own_items(twin: K2Twin, bob: Services) -> None:
    """The list is the caller's; what somebody else has open stays in it as Allocated, what sleeps does not."""
    for folio in ("1", "2", "3"):
        twin.start(folio=folio)
    eves = twin.k2.database.call(twin.k2.tasks.list, twin.user("Eve"))
    twin.k2.database.call(twin.k2.tasks.assign, twin.user("Eve"), eves[0].serial)
    bobs = twin.k2.database.call(twin.k2.tasks.list, twin.user("Bob"))
    twin.k2.database.call(twin.k2.tasks.sleep, twin.user("Bob"), bobs[1].serial, None)

    listed = root(await bob.get(ITEMS))
    nobodys = root(await Services(twin, "Zoe").get(ITEMS))

    assert listed.tag == q("worklist", "WorklistItemCollection")
    assert [("Allocated", r"K2:ACME\Eve"), ("Available", None)] == [
        (each.attrib["Status"], each.attrib.get("AllocatedUser")) for each in listed
    ]
    assert len(nobodys) == 0


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (criteria(("ProcessFolio", "Like", "String", "L-%")), ["L-1", "L-2"]),
        (criteria(("ProcessFolio", "Equal", "String", "L-2")), ["L-2"]),
        (criteria(("ProcessData", "Greater", "Decimal", "1"), sub_field="Amount"), ["L-2", "M"]),
        (criteria(("ProcessFullName", "Equal", "String", r"Loans\Approval"), sort="ProcessID"), ["M", "L-2", "L-1"]),
        (criteria(("WorklistItemStatus", "Equal", "String", "Open")), ["L-2"]),
        (criteria(("WorklistItemStatus", "NotEqual", "Integer", "1")), ["L-1", "M", "asleep"]),
        (criteria(("WorklistItemStatus", "Equal", "String", "Sleep")), ["asleep"]),
        (criteria(("WorklistItemOwner", "Equal", "String", "Me"), sub_field="Me"), ["L-1", "L-2", "M"]),
        (criteria(("WorklistItemOwner", "Equal", "String", "Other"), sub_field="Other"), []),
        (criteria(("ProcessStartDate", "Less", "Date", "2001-01-01")), []),
        (criteria(), ["L-1", "L-2", "M"]),
    ],
)
async def test_criteria_select_items(twin: K2Twin, bob: Services, document: str, expected: list[str]) -> None:
    """The same criteria do the same as a query option and as a posted document; only a status brings what sleeps."""
    serials = {}
    for position, folio in enumerate(("L-1", "L-2", "M", "asleep")):
        twin.start(folio=folio, Amount=position + 1)
        serials[folio] = twin.serial("Bob")
    twin.k2.database.call(twin.k2.tasks.assign, twin.user("Bob"), serials["L-2"])
    twin.k2.database.call(twin.k2.tasks.sleep, twin.user("Bob"), serials["asleep"], None)

    assert expected == _folios(root(await bob.get(ITEMS, filterXml=document)))
    assert expected == _folios(root(await bob.post(f"{ITEMS}/Filtered", document)))


async def test_skip_and_top(twin: K2Twin, bob: Services) -> None:
    """$skip leaves out the first, $top bounds the rest, 0 is no bound, anything else is refused."""
    for folio in "abcd":
        twin.start(folio=folio)

    assert ["b", "c"] == _folios(root(await bob.get(ITEMS, S_skip="1", S_top="2")))
    assert ["c", "d"] == _folios(root(await bob.get(ITEMS, S_SKIP="2", S_Top="0")))
    assert refused(await bob.get(ITEMS, S_top="-1")) == (500, "$top is a number from 0")


async def test_a_list_can_be_capped(tmp_path: Path) -> None:
    """The service's setting bounds every list."""
    with open_k2_twin(tmp_path, k2_services_max_items=2) as twin:
        for folio in "abc":
            twin.start(folio=folio)

        assert ["a", "b"] == _folios(root(await Services(twin).get(ITEMS)))


async def test_a_manager_sees_the_list_of_a_managed_user(twin: K2Twin, bob: Services) -> None:
    """ManagedUser is served to the manager alone."""
    twin.start(folio="L-1")
    eve = Services(twin, "Eve")

    managed = _folios(root(await eve.get(ITEMS, filterXml=criteria(managed=r"K2:ACME\Bob"))))
    other = await bob.get(ITEMS, filterXml=criteria(managed=r"K2:ACME\Eve"))

    assert ["L-1"] == managed
    assert refused(other) == (500, r"K2:ACME\Bob does not manage K2:ACME\Eve")


async def test_search_for_items(twin: K2Twin, bob: Services) -> None:
    """Items are found by process and folio, in which * stands for any text."""
    twin.start(folio="L-1")
    twin.start(8, folio="L-2")
    search = f"{ITEMS}/SearchForWorklistItems"

    assert ["L-1"] == _folios(root(await bob.get(search, processFullName=r"loans\approval", folio="L*")))
    assert ["L-1", "L-2"] == _folios(root(await bob.get(search, folio="*-*")))
    assert [] == _folios(root(await bob.get(search, folio="L")))


async def test_allocate_opens_an_item(twin: K2Twin, bob: Services) -> None:
    """Opening an item leaves it as it is; with allocate it becomes the caller's, and nobody else's to open."""
    twin.start()
    mine, hers = twin.serial("Bob"), twin.serial("Eve")

    looked = root(await bob.get(f"{ITEMS}({mine})"))
    opened = root(await bob.get(f"{ITEMS}({mine})", allocate="true"))
    again = root(await bob.get(f"{ITEMS}({mine})", allocate="True"))
    looks = root(await Services(twin, "Eve").get(f"{ITEMS}({hers})", allocate="false"))
    takes = await Services(twin, "Eve").get(f"{ITEMS}({hers})", allocate="true")

    assert ["Available", "Open", "Open", "Allocated"] == [
        each.attrib["Status"] for each in (looked, opened, again, looks)
    ]
    assert opened.attrib["AllocatedUser"] == r"K2:ACME\Bob"
    assert refused(takes)[0] == 404
    assert refused(takes)[1].startswith("26030 ")


@pytest.mark.parametrize("spelling", ["Decline%20It", "A_C_Decline%20It", "action_C_DECLINE%20it", "a:Decline It"])
async def test_execute_carries_out_batchable_actions(twin: K2Twin, bob: Services, spelling: str) -> None:
    """A GET carries out an action that needs no form, named in any of the documented ways."""
    twin.start()
    serial = twin.serial("Bob")

    answer = await bob.get(f"{ITEMS}({serial})/Actions({spelling})/Execute", synchronous="true")

    assert succeeded(answer)
    assert twin.history(what="acted")[0]["detail"] == {"action": "Decline It"}


async def test_execute_refuses_actions_that_need_the_form(twin: K2Twin, bob: Services, tmp_path: Path) -> None:
    """Execute is for batchable actions, unless a switch says otherwise; a done item is gone."""
    twin.start()
    serial = twin.serial("Bob")
    answer = await bob.get(f"{ITEMS}({serial})/Actions(Approve)/Execute")

    assert refused(answer) == (500, "The action 'Approve' is not configured for batch.")
    assert [] == twin.history(what="acted")

    (tmp_path / "other").mkdir()
    with open_k2_twin(tmp_path / "other", k2_services_execute_batchable_only=False) as lenient:
        lenient.start()
        path = f"{ITEMS}({lenient.serial('Bob')})/Actions(Approve)/Execute"
        assert succeeded(await Services(lenient).get(path))
        assert refused(await Services(lenient).get(path))[1].startswith("24411 ")


async def test_execute_action_saves_fields(twin: K2Twin, bob: Services) -> None:
    """A posted item brings any action and the changes of its instance's fields, as the types that they have."""
    number = twin.start(Amount=1)
    serial = twin.serial("Bob")
    inside = (
        "<p:ProcessInstance><p:DataField Name='Amount'>12.5</p:DataField><p:DataField Name='File Id'>7</p:DataField>"
        "<p:XmlField Name='Form'>&lt;a&gt;&amp;amp;&lt;/a&gt;</p:XmlField><p:Unknown/></p:ProcessInstance>"
    )

    answer = await bob.post(f"{ITEMS}/ExecuteAction", item(serial, inside), action="Approve")
    done = twin.k2.database.call(twin.k2.instances.retrieve, twin.user("svc"), number)

    assert succeeded(answer)
    assert done.data_fields == {"Amount": 12.5, "File Id": "7", "Decision": "approved"}
    assert [("Form", "<a>&amp;</a>")] == [(each.name, each.value) for each in done.xml_fields]


@pytest.mark.parametrize(
    ("inside", "action", "reason"),
    [
        ("<p:ProcessInstance><p:DataField Name='Amount'>much</p:DataField></p:ProcessInstance>", "Note", "'Amount'"),
        ("<p:ProcessInstance><p:DataField Name='Size'>1</p:DataField></p:ProcessInstance>", "Note", "'Size'"),
        ("<p:ProcessInstance><p:DataField>1</p:DataField></p:ProcessInstance>", "Note", "needs the attribute Name"),
        ("<p:ProcessInstance><p:XmlField Name='F'><a/></p:XmlField></p:ProcessInstance>", "Note", "escaped"),
        (
            "<a:ActivityInstanceDestination><p:DataField Name='X'>1</p:DataField></a:ActivityInstanceDestination>",
            "Note",
            "the activity has no field 'X'",
        ),
        ("", "Nothing", "'Nothing' does not exist"),
        ("", "", "action is required"),
        ("", "S:soon", "Sleep takes seconds"),
        ("", "R:K2:ACME\\Nobody", "could not be resolved"),
        ("", "R:", "an action is wanted"),
    ],
)
async def test_wrong_changes_do_nothing(twin: K2Twin, bob: Services, inside: str, action: str, reason: str) -> None:
    """What does not fit the workflow or names no action is refused, and the item stays."""
    twin.start()
    serial = twin.serial("Bob")

    status, message = refused(await bob.post(f"{ITEMS}/ExecuteAction", item(serial, inside), action=action))

    assert status == 500
    assert reason in message
    assert [] == twin.history(what="acted")
    assert twin.serial("Bob") == serial


@pytest.mark.parametrize("prefix", ["Redirect", "R", "Delegate", "d"])
async def test_items_are_redirected(twin: K2Twin, bob: Services, prefix: str) -> None:
    """Redirect and Delegate bring the item into the other's list and out of the caller's."""
    twin.start()
    serial = twin.serial("Bob")

    answer = await bob.get(f"{ITEMS}({serial})/Actions({prefix}_C_K2_C_ACME_B_Zoe)/Execute")

    assert succeeded(answer)
    assert len(root(await Services(twin, "Zoe").get(ITEMS))) == 1
    assert len(root(await bob.get(ITEMS))) == 0


async def test_items_sleep_and_wake(twin: K2Twin, bob: Services) -> None:
    """Sleep takes seconds, 0 for ever, a moment, or something negative that wakes."""
    twin.start()
    serial = twin.serial("Bob")

    async def after(action: str, seconds: float) -> str:
        assert succeeded(await bob.post(f"{ITEMS}/ExecuteAction", item(serial), action=action)), action
        twin.clock.forward(seconds)
        return root(await bob.get(f"{ITEMS}({serial})")).attrib["Status"]

    assert [
        await after("Sleep:60", 59),
        await after("S:60", 61),
        await after("s:0", 3000),
        await after("S:-1", 0),
        await after("Sleep:2001-01-01T00:00:00Z", 0),
        await after("Sleep:2200-01-01T00:00:00Z", 100),
    ] == ["Sleep", "Available", "Sleep", "Available", "Available", "Sleep"]


async def test_items_of_others_are_gone(twin: K2Twin, bob: Services, tmp_path: Path) -> None:
    """Another's item and an unknown serial number fail with the engine's codes, under the status of the switch."""
    twin.start()
    hers = twin.serial("Eve")

    foreign, unknown = await bob.get(f"{ITEMS}({hers})"), await bob.get(f"{ITEMS}(9_9)")

    assert (404, "24411") == (refused(foreign)[0], refused(foreign)[1][:5])
    assert (404, "26030") == (refused(unknown)[0], refused(unknown)[1][:5])

    (tmp_path / "other").mkdir()
    with open_k2_twin(tmp_path / "other", k2_services_gone_status=500) as other:
        assert refused(await Services(other).get(f"{ITEMS}(9_9)"))[0] == 500

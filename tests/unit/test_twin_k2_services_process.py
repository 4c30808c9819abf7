"""The Process service of the twin's K2 Services."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kurun_twin.k2.platform import InstanceRecord
from tests.unit.k2_twin_services import REST, SCHEMAS, Services, instance, q, refused, root
from tests.unit.k2_twins import K2Twin, open_k2_twin

PROCESS = f"{REST}/Process"
APPROVAL = "Loans_B_Approval"
FIELDS = "<p:DataField Name='Amount'>7</p:DataField><p:XmlField Name='Form'>&lt;a/&gt;</p:XmlField>"


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[K2Twin]:
    """A twin with K2."""
    with open_k2_twin(tmp_path) as opened:
        yield opened


@pytest.fixture
def svc(twin: K2Twin) -> Services:
    """The services as the service account calls them."""
    return Services(twin, "svc")


def _record(twin: K2Twin, number: object) -> InstanceRecord:
    return twin.k2.database.call(twin.k2.instances.retrieve, twin.user("svc"), int(str(number)))


async def test_a_get_starts_a_process(twin: K2Twin, svc: Services) -> None:
    """A GET starts a process and answers with its number; without a folio the moment is the folio."""
    path = f"{PROCESS}/Definitions({APPROVAL})/StartInstance"

    named = root(await svc.get(path, folio="L-1", synchronous="false"))
    unnamed = root(await svc.get(path))

    assert ("long", "long") == (named.tag, unnamed.tag)
    assert _record(twin, named.text).folio == "L-1"
    assert _record(twin, unnamed.text).folio.endswith("Z")
    assert len(twin.history(what="started")) == 2


async def test_a_posted_instance_is_started(twin: K2Twin, svc: Services) -> None:
    """Everything that the document says is in the new instance."""
    document = instance(FIELDS, FullName=r"Loans\Approval", Folio="Öl & Gas", Priority="2", ExpectedDuration="60")

    started = root(await svc.post(f"{PROCESS}/Instances/StartInstance", document, synchronous="true"))
    record = _record(twin, started.text)

    assert (record.folio, record.priority, record.expected_duration) == ("Öl & Gas", 2, 60)
    assert record.data_fields == {"Amount": 7, "Decision": None, "File Id": "none"}
    assert [("Form", "<a/>")] == [(each.name, each.value) for each in record.xml_fields]


async def test_a_start_can_answer_with_the_instance(tmp_path: Path) -> None:
    """As the older documents have it, the answer is the whole instance, with the fields that are asked for."""
    with open_k2_twin(tmp_path, k2_services_start_answers_instance=True) as twin:
        path = f"{PROCESS}/Instances/StartInstance"
        answer = root(await Services(twin).post(path, instance(FullName="Two", Folio="F"), piDataField="true"))

    assert (q("worklist", "ProcessInstance"), "F", "Active") == (
        answer.tag,
        answer.attrib["Folio"],
        answer.attrib["Status"],
    )


async def test_several_instances_are_started_together(twin: K2Twin, svc: Services) -> None:
    """All are started, in their order; if one cannot be, none is."""

    def both(second: str) -> str:
        inside = instance(FullName="Two", Folio="a") + instance(FullName=second, Folio="b")
        return f'<ProcessInstances xmlns="{SCHEMAS}/worklist/d1">{inside}</ProcessInstances>'

    path = f"{PROCESS}/Instances/StartInstances"
    failed = await svc.post(path, both("Three"))
    started = root(await svc.post(path, both(r"Loans\Approval")))

    assert refused(failed) == (404, "25223 Process Three not found")
    assert ["a", "b"] == [_record(twin, each.text).folio for each in started]
    assert len(twin.history(what="started")) == 2


@pytest.mark.parametrize(
    ("user", "document", "status", "reason"),
    [
        ("svc", instance(FullName=r"K2 Examples\Order Process"), 404, r"25223 Process K2 Examples\Order Process not"),
        ("svc", instance(Folio="x"), 404, "25223 "),
        ("Eve", instance(FullName=r"Loans\Approval"), 500, "does not have rights to start"),
        ("svc", instance(FullName=r"Loans\Approval", Priority="high"), 500, "Priority is a whole number"),
        (
            "svc",
            instance("<p:DataField Name='Amount'>x</p:DataField>", FullName=r"Loans\Approval"),
            500,
            "'Amount' has an invalid value",
        ),
        ("svc", "<Process/>", 500, "ProcessInstance is wanted"),
    ],
)
async def test_starts_that_are_refused(twin: K2Twin, user: str, document: str, status: int, reason: str) -> None:
    """Unknown processes, missing rights and wrong values start nothing."""
    found, message = refused(await Services(twin, user).post(f"{PROCESS}/Instances/StartInstance", document))

    assert found == status
    assert reason in message
    assert [] == twin.history(what="started")


async def test_an_instance_is_shown(twin: K2Twin, svc: Services) -> None:
    """An instance as a document of its own is in the worklist's namespace; its fields are shown when asked for."""
    number = twin.start(folio="L-1", Amount=3)
    path = f"{PROCESS}/Instances({number})"

    plain, asked = root(await svc.get(path)), root(await svc.get(path, piDataField="true"))
    fields = root(await svc.get(f"{path}/DataFields"))
    single = root(await svc.get(f"{path}/DataFields(amount)"))

    assert (q("worklist", "ProcessInstance"), str(number)) == (plain.tag, plain.attrib["ID"])
    assert [] == list(plain.iter(q("process", "DataField")))
    assert len(list(asked.iter(q("process", "DataField")))) == len(fields) == 3
    assert (q("process", "DataField"), {"Name": "Amount"}, "3") == (single.tag, single.attrib, single.text)


@pytest.mark.parametrize(("user", "number", "code"), [("Zoe", None, "24411"), ("svc", "99", "26030"), ("svc", "x", "")])
async def test_instances_that_are_not_there(twin: K2Twin, user: str, number: str | None, code: str) -> None:
    """Another's instance, an unknown one and what is no number are failures with 404."""
    mine = twin.start()

    status, message = refused(await Services(twin, user).get(f"{PROCESS}/Instances({number or mine})"))

    assert status == 404
    assert message.startswith(code)


async def test_an_instance_is_changed(twin: K2Twin, svc: Services) -> None:
    """Only what the document names changes; XML fields have paths of their own."""
    number = twin.start(folio="L-1", Amount=3)
    update = f"{PROCESS}/Instances/UpdateProcessInstance"
    shown: dict[str, Any] = {}
    for document in (instance(FIELDS, ID=str(number), Priority="3"), instance(ID=str(number), Folio="L-2")):
        shown = root(await svc.post(update, document, synchronous="true")).attrib
    record = _record(twin, number)
    listed = root(await svc.get(f"{PROCESS}/Instances({number})/XmlFields"))
    single = root(await svc.get(f"{PROCESS}/Instances({number})/XmlFields(Form)"))

    assert ("L-2", "3") == (shown["Folio"], shown["Priority"])
    assert ("L-2", 3, 7) == (record.folio, record.priority, record.data_fields["Amount"])
    assert (q("process", "XmlFieldCollection"), 1, "<a/>") == (listed.tag, len(listed), single.text)
    assert refused(await svc.post(update, instance(Folio="x"))) == (500, "ProcessInstance needs the attribute ID")

"""What the twin takes for a value, and what for none."""

from collections.abc import Iterator

import pytest

from tests.unit.twins import Twin, new_process, open_twin, reason


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """A twin that the tests leave as it is, but for what they create."""
    with open_twin(tmp_path_factory.mktemp("twin")) as opened:
        yield opened


async def test_null_is_as_if_left_out(twin: Twin) -> None:
    """KuFlow's document lets no field be null, but its published libraries write null for what they leave out."""
    async with twin.client() as worker:
        process = await new_process(worker, twin, entity=None, initiatorId=None, relatedProcessId=None)

    assert process["initiatorId"] == twin.worker.id
    assert "entity" not in process


async def test_null_inside_data_is_a_value(twin: Twin) -> None:
    """The data that people store may hold null anywhere."""
    async with twin.client() as worker:
        process = await new_process(worker, twin, metadata={"value": {"name": None, "more": [None]}})

    assert process["metadata"]["value"] == {"name": None, "more": [None]}


@pytest.mark.parametrize("name", ["page", "size"])
async def test_an_empty_number_is_refused(twin: Twin, name: str) -> None:
    """A paging parameter without a value is no number, rather than the default."""
    async with twin.client() as worker:
        answer = await worker.get("/tenants", params={name: ""})

    assert answer.status_code == 400
    assert reason(answer)["errors"][0]["location"] == name


async def test_a_filter_by_email_takes_addresses(twin: Twin) -> None:
    """What cannot be an e-mail address is refused; an address that nobody has finds nobody."""
    async with twin.client() as worker:
        refused = await worker.get("/tenant-users", params={"email": "ada"})
        empty = await worker.get("/tenant-users", params={"email": "nobody@example.com"})

    assert refused.status_code == 400
    assert reason(refused)["errors"][0]["location"] == "email"
    assert empty.json()["content"] == []

"""Walking through lists that change while one walks."""

import json
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from kurun_clients.http import InvalidRequest
from kurun_clients.kuflow import BasicAuth, KuFlowClient
from tests.unit.loopback import Loopback, Peer, Script, serving

AUTH = BasicAuth("robot", "hunter2")


def ids(*numbers: int) -> list[UUID]:
    """Ids that sort like their numbers."""
    return [UUID(int=number) for number in numbers]


def listing(*pages: list[UUID], size: int = 2, total_pages: int | None = None) -> Script:
    """A server whose n-th answer is the n-th of these pages, and an empty one after them."""
    answers = iter(pages)

    async def script(peer: Peer) -> None:
        while True:
            request = await peer.receive()
            content = [{"id": str(one), "state": "RUNNING"} for one in next(answers, [])]
            metadata = {
                "size": size,
                "page": int(parse_qs(urlsplit(request.target).query)["page"][0]),
                "totalElements": 99,
                "totalPages": len(pages) if total_pages is None else total_pages,
            }
            await peer.answer(200, json.dumps({"metadata": metadata, "content": content}).encode())

    return script


async def walk(script: Script, *, size: int | None = 2) -> tuple[list[UUID], Loopback]:
    """Every id in order, and the server that was asked."""
    async with serving(script) as server, KuFlowClient(server.url, auth=AUTH) as kuflow:
        found = [process.id async for process in kuflow.processes.iterate(size=size, process_definition_code="LOAN")]
    return found, server


async def test_all_pages_are_read_in_order() -> None:
    """Every element once; the last page is known by being short and announced as last."""
    found, server = await walk(listing(ids(1, 2), ids(3, 4), ids(5)))

    assert found == ids(1, 2, 3, 4, 5)
    assert [request.target for request in server.received] == [
        f"/processes?size=2&page={n}&sort=createdAt&sort=id&processDefinitionCode=LOAN" for n in range(3)
    ]


async def test_an_empty_list() -> None:
    """One request, nothing found."""
    found, server = await walk(listing([], total_pages=0))

    assert (found, len(server.received)) == ([], 1)


async def test_a_list_that_grows_meanwhile() -> None:
    """More pages than announced at first: the walk goes on while pages are full."""
    found, _ = await walk(listing(ids(1, 2), ids(3, 4), ids(5, 6), total_pages=1))

    assert found == ids(1, 2, 3, 4, 5, 6)


async def test_a_list_that_shrinks_meanwhile() -> None:
    """An empty page is the end, whatever was announced."""
    found, server = await walk(listing(ids(1, 2), [], total_pages=50))

    assert (found, len(server.received)) == (ids(1, 2), 2)


async def test_an_element_that_shifts_to_the_next_page_comes_once() -> None:
    """Something new at the front pushes the last element of a page onto the next."""
    found, _ = await walk(listing(ids(1, 2), ids(2, 3), ids(4)))

    assert found == ids(1, 2, 3, 4)


async def test_short_pages_in_the_middle_are_no_end() -> None:
    """A page that lost elements to a filter is followed by the next announced one."""
    found, _ = await walk(listing(ids(1), ids(2, 3), ids(4)))

    assert found == ids(1, 2, 3, 4)


async def test_a_server_that_ignores_the_page_does_not_trap() -> None:
    """The same page again and again is the end, not an endless loop."""
    found, server = await walk(listing(*[ids(1, 2)] * 50))

    assert (found, len(server.received)) == (ids(1, 2), 2)


async def test_a_server_that_gives_smaller_pages_than_asked_for() -> None:
    """The size that counts is the one the server names."""
    found, _ = await walk(listing(ids(1, 2), ids(3, 4), ids(5), size=2), size=1000)

    assert found == ids(1, 2, 3, 4, 5)


@pytest.mark.parametrize("size", [0, -1, 1001])
async def test_pages_have_a_sensible_size(size: int) -> None:
    """InvalidRequest before anything is sent."""
    async with KuFlowClient("http://127.0.0.1:9", auth=AUTH) as kuflow:
        with pytest.raises(InvalidRequest):
            await anext(kuflow.processes.iterate(size=size))


async def test_process_items_are_walked_alike() -> None:
    """The same walk, with the filters of items."""

    async def script(peer: Peer) -> None:
        await peer.receive()
        item = {"id": str(UUID(int=7)), "type": "MESSAGE", "processId": str(UUID(int=8))}
        metadata = {"size": 100, "page": 0, "totalElements": 1, "totalPages": 1}
        await peer.answer(200, json.dumps({"metadata": metadata, "content": [item]}).encode())

    async with serving(script) as server, KuFlowClient(server.url, auth=AUTH) as kuflow:
        found = [item.id async for item in kuflow.process_items.iterate(process_id=UUID(int=8))]

    assert found == ids(7)
    assert f"processId={UUID(int=8)}" in server.received[0].target

"""Documents of the twin: streamed in, linked, streamed out, swept."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from kurun_twin.platform.document_files import DocumentFiles
from kurun_twin.platform.refusals import TooLarge
from tests.unit.twins import NOBODY, Json, Twin, json_value, new_artifact, new_process, new_task, open_twin, reason

OCTETS = {"Content-Type": "application/octet-stream"}


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[Twin]:
    """A twin that takes documents of up to 3 MiB."""
    with open_twin(tmp_path, max_document=3 * 1024**2, unlinked_document_life=timedelta(hours=1)) as opened:
        yield opened


@pytest.fixture
def worker(twin: Twin) -> httpx2.AsyncClient:
    """The application's client."""
    return twin.client()


@pytest.fixture
async def process(twin: Twin, worker: httpx2.AsyncClient) -> Json:
    """A running process."""
    return await new_process(worker, twin)


async def upload(client: httpx2.AsyncClient, process: Json, content: bytes, name: str = "a.pdf") -> httpx2.Response:
    """Upload in pieces, without announcing the length."""

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 100_000):
            yield content[start : start + 100_000]

    return await client.post(
        f"/processes/{process['id']}/~actions/upload-document",
        params={"fileName": name, "fileContentType": "application/pdf"},
        headers=OCTETS,
        content=pieces(),
    )


async def download(client: httpx2.AsyncClient, process: Json, uri: str) -> httpx2.Response:
    """Download by either form of address."""
    return await client.get(f"/processes/{process['id']}/~actions/download-document", params={"documentUri": uri})


def files(twin: Twin) -> list[str]:
    """Every file in the documents' folder, unfinished ones too."""
    return [each.name for each in (twin.platform.options.data_dir / "documents").rglob("*") if each.is_file()]


def bare(reference: str) -> str:
    """The ``ku:`` address in a reference whose values need no decoding."""
    return reference.removeprefix("kuflow-file:uri=").partition(";")[0]


@pytest.mark.parametrize("size", [0, 1, 2_500_000])
async def test_what_goes_in_comes_out(worker: httpx2.AsyncClient, process: Json, size: int) -> None:
    """Both forms of the address lead to the same bytes, under the name that was given."""
    content = bytes(number % 251 for number in range(size))
    uploaded = (await upload(worker, process, content, "Vertrag ä;=.pdf")).json()["documentUri"]
    by_reference, by_address = (
        await download(worker, process, uploaded),
        await download(worker, process, bare(uploaded)),
    )

    assert uploaded.startswith(f"kuflow-file:uri=ku:process/{process['id']}/document/")
    assert uploaded.endswith(f";type=application/pdf;size={size};name=Vertrag%20%C3%A4%3B%3D.pdf;")
    assert content == by_reference.content == by_address.content
    assert "filename*=utf-8''Vertrag%20%C3%A4%3B%3D.pdf" in by_address.headers["content-disposition"]


async def test_the_bare_address_can_be_answered(tmp_path: Path) -> None:
    """An option makes uploads answer without the reference around the address."""
    with open_twin(tmp_path, reference_on_upload=False) as twin:
        process = await new_process(twin.client(), twin)
        uri = (await upload(twin.client(), process, b"x")).json()["documentUri"]

    assert uri.startswith(f"ku:process/{process['id']}/document/")


async def test_too_large_a_document_leaves_nothing(twin: Twin, worker: httpx2.AsyncClient, process: Json) -> None:
    """Whether its length was announced or only found out: 413, and no file."""
    content = b"x" * (3 * 1024**2 + 1)
    found_out = await upload(worker, process, content)
    announced = await worker.post(
        f"/processes/{process['id']}/~actions/upload-document",
        params={"fileName": "a", "fileContentType": "a/b"},
        headers=OCTETS,
        content=content,
    )

    assert (found_out.status_code, announced.status_code) == (413, 413)
    assert files(twin) == []


@pytest.mark.parametrize(
    ("parameters", "headers", "status"),
    [
        ({"fileName": "a", "fileContentType": "a/b"}, {"Content-Type": "application/json"}, 415),
        ({"fileName": "a"}, OCTETS, 400),
        ({"fileContentType": "a/b"}, OCTETS, 400),
        ({"fileName": "a\nb", "fileContentType": "a/b"}, OCTETS, 400),
        ({"fileName": "a", "fileContentType": "a/b\r\nX: y"}, OCTETS, 400),
        ({"fileName": "a" * 256, "fileContentType": "a/b"}, OCTETS, 400),
    ],
)
async def test_wrong_uploads_are_refused(
    worker: httpx2.AsyncClient, process: Json, parameters: Json, headers: Json, status: int
) -> None:
    """The type of the body, and the name and type of the document, are checked first."""
    path = f"/processes/{process['id']}/~actions/upload-document"
    answer = await worker.post(path, params=parameters, headers=headers, content=b"x")

    assert status == reason(answer)["status"]


async def test_documents_stay_with_their_process(twin: Twin, worker: httpx2.AsyncClient, process: Json) -> None:
    """Through another process: 403; unknown: 404; no address: 400."""
    other = await new_process(worker, twin)
    uri = (await upload(worker, process, b"x")).json()["documentUri"]
    unknown = f"ku:process/{process['id']}/document/{uuid4()}"

    assert (await download(worker, other, uri)).status_code == 403
    assert (await download(worker, process, unknown)).status_code == 404
    assert (await download(worker, process, "../../etc/passwd")).status_code == 400


@pytest.mark.parametrize("where", ["task data", "new task", "metadata", "message"])
async def test_linked_documents_stay(twin: Twin, worker: httpx2.AsyncClient, process: Json, where: str) -> None:
    """A document that saved data refers to survives the sweep; its neighbour, as old, does not."""
    linked, unlinked = [(await upload(worker, process, b"x")).json()["documentUri"] for _ in range(2)]
    data = json_value(deep=[{"file": linked}])
    if where == "task data":
        task = await new_task(worker, process)
        await worker.put(f"/process-items/{task['id']}/task/data", json={"data": data})
    elif where == "new task":
        await new_task(worker, process, task={"data": data})
    elif where == "metadata":
        await worker.put(f"/processes/{process['id']}/metadata", json={"metadata": data})
    else:
        message = {"type": "MESSAGE", "processId": process["id"], "message": {"data": data}}
        await worker.post("/process-items", json=message)
    twin.execute("UPDATE documents SET created_at = 0")

    expired = await download(worker, process, unlinked)
    assert await twin.platform.sweep() == 1
    assert expired.status_code == 404
    assert (await download(worker, process, linked)).status_code == 200
    assert len(files(twin)) == 1


async def test_documents_for_any_owner(twin: Twin, worker: httpx2.AsyncClient, process: Json) -> None:
    """Uploaded to a process or a business artifact by its address, downloaded by their own."""
    artifact = await new_artifact(worker, twin)
    for owner in (process, artifact):
        query = {"targetUri": owner["uri"], "fileName": "a.pdf", "fileContentType": "application/pdf"}
        answer = await worker.post("/documents/~actions/upload", params=query, headers=OCTETS, content=b"bytes")
        uri = answer.json()["documentUri"]

        assert bare(uri).startswith(f"{owner['uri']}/document/")
        for address in (uri, bare(uri)):
            found = await worker.get("/documents/~actions/download", params={"documentUri": address})
            assert (found.status_code, found.content) == (200, b"bytes")


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("", 400),
        ("ku:process/7", 404),
        (f"ku:process/{NOBODY}", 404),
        (f"ku:business-artifact/{NOBODY}", 404),
        (f"ku:process-item/{NOBODY}", 404),
    ],
)
async def test_an_owner_has_to_be_there(worker: httpx2.AsyncClient, target: str, status: int) -> None:
    """A target that nobody can read answers 404."""
    query = {"targetUri": target, "fileName": "a.pdf", "fileContentType": "application/pdf"}
    answer = await worker.post("/documents/~actions/upload", params=query, headers=OCTETS, content=b"bytes")

    assert status == reason(answer)["status"]


@pytest.mark.parametrize("uri", ["x", f"ku:process/{NOBODY}/document/{NOBODY}", "kuflow-file:uri=x;"])
async def test_an_address_that_leads_nowhere_is_404(worker: httpx2.AsyncClient, uri: str) -> None:
    """Also where it is no address at all."""
    answer = await worker.get("/documents/~actions/download", params={"documentUri": uri})

    assert reason(answer)["status"] == 404


async def test_temporary_documents_live_shorter(tmp_path: Path) -> None:
    """Those of artifacts and of the group Document; a link keeps them, wherever it is saved."""
    with open_twin(tmp_path, temporary_document_life=timedelta(hours=2)) as twin:
        worker = twin.client()
        process, artifact = await new_process(worker, twin), await new_artifact(worker, twin)
        query = {"fileName": "a", "fileContentType": "a/b"}
        uris = []
        for path in (
            f"/processes/{process['id']}/~actions/upload-document",
            f"/business-artifacts/{artifact['id']}/~actions/upload-document",
            f"/documents/~actions/upload?targetUri={process['uri']}",
            f"/documents/~actions/upload?targetUri={artifact['uri']}",
        ):
            answer = await worker.post(httpx2.URL(path).copy_merge_params(query), headers=OCTETS, content=b"bytes")
            uris.append(answer.json()["documentUri"])
        linked = {"data": json_value(name="Ada", file=uris[3])}
        await worker.put(f"/business-artifacts/{artifact['id']}/data", json=linked)
        twin.execute("UPDATE documents SET created_at = created_at - 3 * 3600 * 1000000")
        swept = await twin.platform.sweep()
        there = [(await worker.get("/documents/~actions/download", params={"documentUri": uri})) for uri in uris]

    assert swept == 2
    assert [each.status_code for each in there] == [200, 404, 404, 200]


async def test_an_upload_sweeps_when_it_is_time(tmp_path: Path) -> None:
    """Old documents go without anyone asking."""
    with open_twin(tmp_path, sweep_interval=timedelta(0)) as twin:
        process = await new_process(twin.client(), twin)
        await upload(twin.client(), process, b"old")
        twin.execute("UPDATE documents SET created_at = 0")
        await upload(twin.client(), process, b"new")

        assert len(files(twin)) == 1


async def test_a_restart_clears_leftovers(tmp_path: Path) -> None:
    """Unfinished files and files without a record are deleted at the start; documents stay."""
    with open_twin(tmp_path) as twin:
        process = await new_process(twin.client(), twin)
        uri = (await upload(twin.client(), process, b"kept")).json()["documentUri"]
        for leftover in (tmp_path / "documents" / str(uuid4()), tmp_path / "documents" / "incoming" / str(uuid4())):
            leftover.write_bytes(b"x")
    with open_twin(tmp_path) as again:
        assert len(files(again)) == 1
        assert (await download(again.client(), process, uri)).content == b"kept"


async def test_a_user_action_takes_one_document(twin: Twin, worker: httpx2.AsyncClient, process: Json) -> None:
    """The first answers with the process and is linked; the second changes nothing: 304."""
    parameters = {"fileName": "a", "fileContentType": "a/b", "userActionValueId": str(uuid4())}
    path = f"/processes/{process['id']}/~actions/upload-user-action-document"
    first, second = [await worker.post(path, params=parameters, headers=OCTETS, content=b"x") for _ in range(2)]
    twin.execute("UPDATE documents SET created_at = 0")
    await twin.platform.sweep()

    assert process == first.json()
    assert (second.status_code, second.content) == (304, b"")
    assert len(files(twin)) == 1


async def test_a_cancelled_upload_leaves_nothing(tmp_path: Path) -> None:
    """A sender that goes away in the middle leaves no file and no thread that still writes."""
    store = DocumentFiles(tmp_path / "documents", 10**9)
    store.prepare(set())
    halfway = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b"x" * 2 * 1024**2
        halfway.set()
        await asyncio.Event().wait()

    receiving = asyncio.create_task(store.receive(str(uuid4()), endless(), None))
    await asyncio.wait_for(halfway.wait(), 5)
    receiving.cancel()
    await asyncio.wait([receiving])

    assert receiving.cancelled()
    assert list((tmp_path / "documents" / "incoming").iterdir()) == []


async def test_an_announced_length_is_refused_before_the_first_byte(tmp_path: Path) -> None:
    """Nothing is read of a document that says it is too large."""
    store = DocumentFiles(tmp_path / "documents", 10)
    store.prepare(set())

    read = []

    async def content() -> AsyncIterator[bytes]:
        read.append(1)
        yield b""

    with pytest.raises(TooLarge):
        await store.receive(str(uuid4()), content(), 11)

    assert read == []

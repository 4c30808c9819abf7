"""Robots of the twin, and their files."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from tests.unit.twins import Json, Twin, open_twin, reason

DEFINITIONS = """
tenant: {name: Acme}
principals: {applications: [{name: worker}]}
robots:
  - code: INVOICES
    name: Invoices
    description: Reads invoices
    sourceFile: robots/invoices.zip
    environmentVariables: {MODE: fast}
    assets:
      - {type: PYTHON, version: "3.11", platform: LINUX, architecture: X86_64, file: python.tgz}
      - {type: PYTHON, version: "3.11", platform: WINDOWS, architecture: X86_64, file: robots/invoices.zip}
  - {code: LETTERS, sourceFile: robots/invoices.zip, ready: false}
"""
ASSET = {"type": "PYTHON", "version": "3.11", "platform": "LINUX", "architecture": "X86_64"}
PACKAGE = b"PK" * 1000


def write_files(folder: Path) -> None:
    """The files that the definitions name."""
    (folder / "robots").mkdir()
    (folder / "robots" / "invoices.zip").write_bytes(PACKAGE)
    (folder / "python.tgz").write_bytes(b"python")


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """A twin with two robots, whose files lie beside the definitions and stay as they are."""
    folder = tmp_path_factory.mktemp("twin")
    write_files(folder)
    with open_twin(folder, DEFINITIONS) as opened:
        yield opened


@pytest.fixture
def worker(twin: Twin) -> httpx2.AsyncClient:
    """The application's client."""
    return twin.client()


@pytest.fixture
async def robot(worker: httpx2.AsyncClient) -> Json:
    """The robot INVOICES, whole."""
    first = (await worker.get("/robots", params={"filterContext": "READY"})).json()["content"][0]
    body: Json = (await worker.get(f"/robots/{first['id']}")).json()
    return body


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ({}, ["INVOICES", "LETTERS"]),
        ({"filterContext": "DEFAULT"}, ["INVOICES", "LETTERS"]),
        ({"filterContext": "READY"}, ["INVOICES"]),
        ({"tenantId": str(uuid4())}, []),
        ({"size": 1, "page": 1, "sort": "createdAt"}, ["LETTERS"]),
    ],
)
async def test_robots_are_found(worker: httpx2.AsyncClient, query: Json, codes: list[str]) -> None:
    """All of them, or those that are ready; only the whole robot shows its variables."""
    content = (await worker.get("/robots", params=query)).json()["content"]

    assert codes == [each["code"] for each in content]
    assert not any("environmentVariables" in each for each in content)


async def test_a_robot_describes_its_package(robot: Json) -> None:
    """With size and digest of the file as it is."""
    source = robot["sourceFile"]

    assert (robot["name"], robot["description"], robot["sourceType"]) == ("Invoices", "Reads invoices", "PACKAGE")
    assert robot["environmentVariables"] == {"MODE": "fast"}
    assert (source["name"], source["contentType"], source["contentLength"]) == (
        "invoices.zip",
        "application/zip",
        len(PACKAGE),
    )
    assert source["contentHash"] == hashlib.sha256(PACKAGE).hexdigest()


async def test_the_package_is_downloaded(worker: httpx2.AsyncClient, robot: Json) -> None:
    """Its ETag is its digest; who has it already gets no bytes. Parts are not served."""
    path = f"/robots/{robot['id']}/~actions/download-source-code"
    answer = await worker.get(path, headers={"Range": "bytes=0-1"})
    etag = answer.headers["etag"]
    known = await worker.get(path, headers={"If-None-Match": etag})

    assert (answer.status_code, answer.content) == (200, PACKAGE)
    assert etag == f'"{robot["sourceFile"]["contentHash"]}"'
    assert answer.headers["content-type"] == "application/octet-stream"
    assert 'filename="invoices.zip"' in answer.headers["content-disposition"]
    assert (known.status_code, known.content) == (304, b"")


async def test_a_package_may_be_built_anew(tmp_path: Path) -> None:
    """The running twin notices; a file that is gone is 404."""
    write_files(tmp_path)
    file = tmp_path / "robots" / "invoices.zip"
    with open_twin(tmp_path, DEFINITIONS) as twin:
        robot = (await twin.client().get("/robots")).json()["content"][0]
        file.write_bytes(b"new")
        changed = (await twin.client().get(f"/robots/{robot['id']}")).json()["sourceFile"]
        file.unlink()
        gone = await twin.client().get(f"/robots/{robot['id']}/~actions/download-source-code")

    assert (changed["contentLength"], changed["contentHash"]) == (3, hashlib.sha256(b"new").hexdigest())
    assert reason(gone)["status"] == 404


@pytest.mark.parametrize(
    ("query", "status", "content"),
    [
        (ASSET, 200, b"python"),
        ({**ASSET, "platform": "WINDOWS"}, 200, PACKAGE),
        ({**ASSET, "version": "3.12"}, 404, None),
        ({**ASSET, "type": "NODEJS"}, 404, None),
        ({**ASSET, "platform": "BSD"}, 400, None),
        ({**ASSET, "architecture": ["X86_64", "X86_32"]}, 400, None),
        ({key: value for key, value in ASSET.items() if key != "version"}, 400, None),
    ],
)
async def test_assets_are_downloaded(
    worker: httpx2.AsyncClient, robot: Json, query: Json, status: int, content: bytes | None
) -> None:
    """By type, version, platform and architecture, all of which must be there and right."""
    answer = await worker.get(f"/robots/{robot['id']}/~actions/download-asset", params=query)

    assert answer.status_code == status
    if content is None:
        assert reason(answer)["status"] == status
    else:
        assert answer.content == content


@pytest.mark.parametrize("path", ["", "/~actions/download-source-code", "/~actions/download-asset"])
async def test_an_unknown_robot_is_404(worker: httpx2.AsyncClient, path: str) -> None:
    """Whatever is asked of it."""
    assert reason(await worker.get(f"/robots/{uuid4()}{path}", params=ASSET))["status"] == 404

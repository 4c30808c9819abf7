"""Calls of the twin's K2 Services, read as XML."""

from dataclasses import dataclass
from xml.etree import ElementTree as ET
from xml.sax.saxutils import quoteattr

import httpx2

from tests.unit.k2_twins import K2Twin

REST = "/K2Services/REST.svc"
SYNC = "/K2Services/SyncREST.svc"
SCHEMAS = "http://schemas.k2.com"
XML = {"Content-Type": "application/xml; charset=utf-8"}


def q(schema: str, name: str) -> str:
    """The name of an element in one of K2's namespaces."""
    return f"{{{SCHEMAS}/{schema}/d1}}{name}"


@dataclass(frozen=True)
class Services:
    """The services as one account calls them."""

    twin: K2Twin
    user: str = "Bob"

    async def get(self, path: str, **query: str) -> httpx2.Response:
        """GET below one of the endpoints; option names may hold ``S_`` for ``$``."""
        params = {name.replace("S_", "$"): value for name, value in query.items()}
        async with self.twin.client(self.user, "") as client:
            return await client.get(path, params=params)

    async def post(self, path: str, document: str | bytes, **query: str) -> httpx2.Response:
        """POST a document of XML."""
        content = document.encode() if isinstance(document, str) else document
        async with self.twin.client(self.user, "") as client:
            return await client.post(path, content=content, params=query, headers=XML)


def root(answer: httpx2.Response) -> ET.Element:
    """The document of a success."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/xml; charset=utf-8"
    return ET.fromstring(answer.content)  # noqa: S314 - the twin's own


def refused(answer: httpx2.Response) -> tuple[int, str]:
    """The status of a failure and what its document says."""
    document = ET.fromstring(answer.content)  # noqa: S314 - the twin's own
    assert document.tag == q("framework", "Failure"), answer.text
    assert document.attrib == {"ID": "0", "Code": "-1"}
    assert document.findtext(q("framework", "Description")) == "client-failure"
    return answer.status_code, document.findtext(q("framework", "Message")) or ""


def succeeded(answer: httpx2.Response) -> bool:
    """Whether the answer is the success document."""
    return root(answer).tag == "{http://schemas.k2.com/api/framework}success"


def criteria(*filters: tuple[str, str, str, str], sort: str = "", sub_field: str = "", managed: str = "") -> str:
    """A Criteria document: each filter is field, comparison, type and value."""
    sub_field = f" SubField={quoteattr(sub_field)}" if sub_field else ""
    inside = "".join(
        f'<Filter Field="{field}"{sub_field} Comparison="{how}" ValueType="{kind}">{value}</Filter>'
        for field, how, kind, value in filters
    )
    inside += f'<Sort Field="{sort}" Order="Descending" />' if sort else ""
    managed = f" ManagedUser={quoteattr(managed)}" if managed else ""
    return f'<Criteria xmlns="{SCHEMAS}/worklist/d1" Platform="ASP"{managed}>{inside}</Criteria>'


def item(serial: str, inside: str = "") -> str:
    """A WorklistItem to post."""
    return (
        f'<WorklistItem xmlns="{SCHEMAS}/worklist/d1" xmlns:p="{SCHEMAS}/process/d1" xmlns:a="{SCHEMAS}/activity/d1"'
        f' SerialNumber="{serial}">{inside}</WorklistItem>'
    )


def instance(inside: str = "", **attributes: str) -> str:
    """A ProcessInstance to post."""
    given = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
    namespaces = f'xmlns="{SCHEMAS}/worklist/d1" xmlns:p="{SCHEMAS}/process/d1"'
    return f"<ProcessInstance {namespaces}{given}>{inside}</ProcessInstance>"


def update(serial: str, action: str, inside: str = "", number: int | None = None) -> str:
    """An UpdateTask to post."""
    identity = "" if number is None else f' ID="{number}"'
    return (
        f'<UpdateTask xmlns="{SCHEMAS}/task/d1" xmlns:p="{SCHEMAS}/process/d1"{identity} Action={quoteattr(action)}>'
        f'<Task SerialNumber="{serial}">{inside}</Task></UpdateTask>'
    )

"""Documents from the web: from the allowed hosts only, wherever redirects point, whatever sizes are announced."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError

from kurun_activities.context import ActivityContext
from kurun_activities.failure_types import FAILURE, VALIDATION_FAILURE
from kurun_activities.models import DocumentSource
from kurun_activities.sources import Watched, opened
from kurun_clients.kuflow import BasicAuth, DocumentContent, KuFlowClient
from kurun_config import DocumentSettings


class Site:
    """A web server on loopback that answers each path with given bytes, then closes the connection."""

    def __init__(self, answers: dict[str, bytes], port: int, seen: list[str]) -> None:
        self.answers = answers
        self.host = f"127.0.0.1:{port}"
        self.seen = seen

    def url(self, path: str) -> str:
        """The address of a path."""
        return f"http://{self.host}{path}"


@asynccontextmanager
async def site(**answers: bytes) -> AsyncIterator[Site]:
    """Serve these answers, by path without its slash."""
    seen: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        seen.append(head)
        writer.write(made.answers[head.split()[1].split("?")[0].removeprefix("/")])
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    made = Site(answers, server.sockets[0].getsockname()[1], seen)
    async with server:
        yield made


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """An HTTP answer."""
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "Connection: close", "", ""]).encode() + body


def sized(body: bytes, size: int | None = None) -> bytes:
    """An answer that announces a size, its own unless another is given."""
    return answer(body, f"Content-Length: {len(body) if size is None else size}")


@asynccontextmanager
async def worker(**limits: object) -> AsyncIterator[ActivityContext]:
    """A worker with these document settings."""
    async with KuFlowClient("http://127.0.0.1:9", auth=BasicAuth("id", "secret")) as kuflow:
        context = ActivityContext(kuflow=kuflow, documents=DocumentSettings.model_validate(limits))
        try:
            yield context
        finally:
            await context.aclose()


async def drained(
    content: DocumentContent, limit: int = 10**6, report: Callable[[int], None] = lambda _: None
) -> bytes:
    """All bytes of a content, as an upload reads them."""
    return b"".join([piece async for piece in Watched(content, limit, report).open()])


def reading(web: Site, context: ActivityContext) -> AbstractAsyncContextManager[DocumentContent]:
    """The site's document, opened."""
    return opened(DocumentSource(url=web.url("/doc")), context)


async def fetched(url: str, context: ActivityContext) -> bytes:
    """A document from the web."""
    async with opened(DocumentSource(url=url), context) as content:
        return await drained(content)


async def test_a_document_is_fetched_from_an_allowed_host() -> None:
    """Its bytes come unpacked and without credentials or cookies being sent."""
    async with site(doc=sized(b"hello")) as web, worker(url_hosts=[web.host]) as context:
        assert await fetched(web.url("/doc?sig=1"), context) == b"hello"
        assert "accept-encoding: identity" in web.seen[0].lower()
        assert not {"cookie", "authorization"} & {line.split(":")[0].lower() for line in web.seen[0].splitlines()}


async def test_it_can_be_read_again() -> None:
    """A repeated upload fetches the document anew: it never sends an empty body."""
    async with (
        site(doc=sized(b"hello")) as web,
        worker(url_hosts=[web.host]) as context,
        reading(web, context) as document,
    ):
        assert (document.size, await drained(document), await drained(document)) == (5, b"hello", b"hello")
        assert len(web.seen) == 2


async def test_a_document_without_a_length_is_fetched() -> None:
    """The length may be unknown."""
    async with (
        site(doc=answer(b"hello")) as web,
        worker(url_hosts=[web.host]) as context,
        reading(web, context) as document,
    ):
        assert (document.size, await drained(document)) == (None, b"hello")


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("http://example.com/doc", []),
        ("http://example.com/doc", ["other.example"]),
        ("http://example.com:8080/doc", ["example.com"]),
        ("http://example.com/doc", ["example.com:8080"]),
        ("http://evil-example.com/doc", ["example.com"]),
        ("http://example.com.evil.org/doc", ["example.com"]),
        ("http://sub.example.com/doc", ["example.com"]),
        ("http://127.0.0.1/doc", ["localhost"]),
        ("http://2130706433/doc", ["127.0.0.1"]),
        ("http://[::1]/doc", ["127.0.0.1"]),
        ("http://user:hunter2@example.com/doc", ["example.com"]),
        ("file:///etc/passwd", ["example.com", ""]),
        ("ftp://example.com/doc", ["example.com"]),
        ("example.com/doc", ["example.com"]),
        ("http://", [""]),
        ("http://exa mple.com:port/", ["example.com"]),
    ],
)
async def test_other_addresses_are_refused(url: str, hosts: list[str]) -> None:
    """Only an http(s) address on exactly an allowed host and port is asked; secrets of an address are not told."""
    async with worker(url_hosts=hosts) as context:
        with pytest.raises(ApplicationError) as caught:
            await fetched(url, context)

    assert (caught.value.type, caught.value.non_retryable) == (VALIDATION_FAILURE, True)
    assert "hunter2" not in caught.value.message


async def test_redirects_stay_on_allowed_hosts() -> None:
    """A redirect is followed to an allowed host and refused to any other, before that one is asked."""
    async with site(doc=sized(b"hello")) as inner, site() as outer, worker(url_hosts=[outer.host]) as context:
        outer.answers["near"] = answer(b"", "Location: /doc", status="302 Found")
        outer.answers["far"] = answer(b"", f"Location: {inner.url('/doc')}", status="302 Found")
        outer.answers["doc"] = sized(b"near")

        assert await fetched(outer.url("/near"), context) == b"near"
        with pytest.raises(
            ApplicationError, match=rf"may not fetch documents from {inner.host} \(KURUN_DOCUMENTS_URL_HOSTS\)"
        ):
            await fetched(outer.url("/far"), context)
        assert inner.seen == []


async def test_a_redirect_to_no_address_ends() -> None:
    """A source that redirects to something that is no URL is given up for good."""
    nowhere = answer(b"", "Location: http://127.0.0.1:port/", status="302 Found")
    async with site(doc=nowhere) as web, worker(url_hosts=[web.host]) as context:
        with pytest.raises(ApplicationError, match="no URL") as caught:
            await fetched(web.url("/doc"), context)

    assert (caught.value.type, caught.value.non_retryable) == (FAILURE, True)


async def test_endless_redirects_end() -> None:
    """A source that redirects in a circle is given up for good."""
    circle = answer(b"", "Location: /doc", status="302 Found")
    async with site(doc=circle) as web, worker(url_hosts=[web.host]) as context:
        with pytest.raises(ApplicationError, match="redirects") as caught:
            await fetched(web.url("/doc"), context)

    assert (caught.value.type, caught.value.non_retryable) == (FAILURE, True)


@pytest.mark.parametrize(
    ("status", "terminal"), [("404 Not Found", True), ("403 Forbidden", True), ("429 Slow", False), ("503 No", False)]
)
async def test_a_refusal_of_the_source_says_whether_waiting_helps(status: str, terminal: bool) -> None:
    """What is not there stays so; a source that is unwell is asked again. Its signature is not told."""
    async with site(doc=answer(b"", status=status)) as web, worker(url_hosts=[web.host]) as context:
        with pytest.raises(ApplicationError, match=status[:3]) as caught:
            await fetched(web.url("/doc?signature=hunter2"), context)

    assert (FAILURE, terminal) == (caught.value.type, caught.value.non_retryable)
    assert "hunter2" not in caught.value.message


async def test_a_source_that_breaks_off_is_asked_again() -> None:
    """Fewer bytes than announced are no document."""
    async with site(doc=sized(b"hello", 10)) as web, worker(url_hosts=[web.host]) as context:
        with pytest.raises(ApplicationError) as caught:
            await fetched(web.url("/doc"), context)

    assert (caught.value.type, caught.value.non_retryable) == (FAILURE, False)


async def test_an_unreachable_source_is_asked_again() -> None:
    """No connection says nothing against the document."""
    async with site() as gone:
        pass
    async with worker(url_hosts=[gone.host]) as context:
        with pytest.raises(ApplicationError) as caught:
            await fetched(gone.url("/doc"), context)

    assert (caught.value.type, caught.value.non_retryable) == (FAILURE, False)


async def test_an_announced_size_over_the_limit_is_refused_unread() -> None:
    """A document that says it is too large is not read at all."""
    async with site(doc=sized(b"hello", 10**9)) as web, worker(url_hosts=[web.host], max_bytes=5) as context:
        with pytest.raises(
            ApplicationError, match=r"larger than the 5 bytes .* \(KURUN_DOCUMENTS_MAX_BYTES\)"
        ) as caught:
            await fetched(web.url("/doc"), context)

    assert (caught.value.type, caught.value.non_retryable) == (VALIDATION_FAILURE, True)


async def test_an_unannounced_size_over_the_limit_stops_the_stream() -> None:
    """Without a length, or packed so that the length says nothing, the bytes are counted as they come."""
    async with (
        site(doc=answer(b"x" * 6)) as web,
        worker(url_hosts=[web.host], max_bytes=5) as context,
        reading(web, context) as document,
    ):
        with pytest.raises(ApplicationError, match="larger than the 5 bytes"):
            await drained(document, limit=context.documents.max_bytes)


async def test_a_document_that_changes_between_two_reads_is_started_over() -> None:
    """A second read that announces another length is not mixed with the first."""
    async with (
        site(doc=sized(b"hello")) as web,
        worker(url_hosts=[web.host]) as context,
        reading(web, context) as document,
    ):
        await drained(document)
        web.answers["doc"] = sized(b"hello world")
        with pytest.raises(ApplicationError, match="changed between two reads"):
            await drained(document)


async def test_inline_bytes_are_limited() -> None:
    """A document inside a request travels through history, so it has to be small."""
    async with worker(max_inline_bytes=3) as context:
        async with opened(DocumentSource(inline=b"abc"), context) as content:
            assert await drained(content) == b"abc"
        with pytest.raises(ApplicationError, match=r"larger than the 3 bytes .* \(KURUN_DOCUMENTS_MAX_INLINE_BYTES\)"):
            async with opened(DocumentSource(inline=b"abcd"), context):
                pass


async def test_a_local_file_is_read_and_counted(tmp_path: Path) -> None:
    """Progress tells how many bytes have passed, and starts anew with each read."""
    (tmp_path / "doc").write_bytes(b"x" * 3_000_000)
    seen: list[int] = []
    async with worker(roots=[tmp_path]) as context, opened(DocumentSource(path="doc"), context) as content:
        assert len(await drained(content, 10**7, seen.append)) == content.size == 3_000_000
        first, seen[:] = seen.copy(), []
        await drained(content, 10**7, seen.append)

    assert first == seen == sorted(seen)
    assert seen[-1] == 3_000_000


async def test_a_local_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    """Its size is known before anything is sent."""
    (tmp_path / "doc").write_bytes(b"x" * 6)
    async with worker(roots=[tmp_path], max_bytes=5) as context:
        with pytest.raises(ApplicationError, match="larger than the 5 bytes"):
            async with opened(DocumentSource(path="doc"), context):
                pass

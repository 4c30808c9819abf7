"""What is read from a server: bodies within limits, models, and the reasons of a refusal."""

import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TypeVar

import httpx2
from pydantic import BaseModel, ValidationError

from kurun_clients.http.calls import Call, TooLarge
from kurun_clients.http.errors import ErrorBody, StatusError
from kurun_clients.threads import in_thread

Model = TypeVar("Model", bound=BaseModel)
ErrorParser = Callable[[bytes], ErrorBody | None]
"""Reads the body of an error response; ``None`` if it is not what the API defines."""

MAX_JSON_BODY = 32 * 1024 * 1024
MAX_ERROR_BODY = 64 * 1024
MAX_EXCERPT = 2 * 1024
_UNPACKED_IN_THREAD = 64 * 1024
_MAX_REQUEST_ID = 200
_REQUEST_ID_HEADERS = ("x-request-id", "x-correlation-id", "traceparent")
_LONGEST_RETRY_AFTER = timedelta(days=366)
_GZIP = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer."""

    call: Call
    status: int
    headers: httpx2.Headers
    content: bytes

    def read(self, model: type[Model]) -> Model:
        """The body as a model.

        Raises:
            InvalidResponse: It is not JSON, or not this model.
        """
        try:
            return model.model_validate_json(self.content)
        except ValidationError as error:
            raise self.call.invalid(f"{self.status} with a body that is no {model.__name__}: {_why(error)}") from None


@dataclass(frozen=True, slots=True)
class StreamedReply:
    """The head of an answer, and its body as it comes.

    Attributes:
        headers: The headers.
        chunks: The body, to be iterated once; raises :class:`TransportError` if it breaks off.
    """

    headers: httpx2.Headers
    chunks: AsyncIterator[bytes]


async def read_body(response: httpx2.Response, limit: int) -> bytes:
    """The body, unpacked, of at most ``limit`` bytes.

    Raises:
        TooLarge: There is more.
        httpx2.DecodingError: It is packed in an unknown or broken way.
    """
    encoding = response.headers.get("content-encoding", "identity").lower()
    packed: list[bytes] = []
    size = 0
    async for chunk in _stream(response):
        size += len(chunk)
        if size > limit:
            raise TooLarge(f"the answer is larger than {limit} bytes")
        packed.append(chunk)
    content = packed[0] if len(packed) == 1 else b"".join(packed)
    if encoding == "identity" or not content:
        return content
    if encoding not in {"gzip", "x-gzip"}:
        raise httpx2.DecodingError(f"content encoding {encoding[:40]!r} was not asked for")
    if len(content) > _UNPACKED_IN_THREAD:
        return await in_thread(lambda: _unpacked(content, limit))
    return _unpacked(content, limit)


def _stream(response: httpx2.Response) -> AsyncIterator[bytes]:
    assert isinstance(response.stream, httpx2.AsyncByteStream)  # noqa: S101 - narrows for the type checker
    return aiter(response.stream)


def _unpacked(content: bytes, limit: int) -> bytes:
    decoder = zlib.decompressobj(_GZIP)
    try:
        plain = decoder.decompress(content, limit + 1)
    except zlib.error as error:
        raise httpx2.DecodingError(f"broken gzip: {error}") from None
    if len(plain) > limit:
        raise TooLarge(f"the answer is larger than {limit} bytes")
    if not decoder.eof:
        raise httpx2.DecodingError("broken gzip: it ends in the middle")
    return plain


def status_error(call: Call, response: httpx2.Response, body: bytes, parse: ErrorParser | None) -> StatusError:
    """The exception for an answer that is a refusal."""
    status = response.status_code
    excerpt = body[:MAX_EXCERPT].decode("utf-8", "replace")
    if 300 <= status < 400 and (target := response.headers.get("location")):
        excerpt = f"redirects are not followed; this one leads to {target.partition('?')[0][:MAX_EXCERPT]}"
    return StatusError.kind(status)(
        call.method,
        call.url,
        call.path,
        status,
        request_id=_request_id(response.headers) or call.request_id,
        error=parse(body) if parse is not None and body else None,
        retry_after=retry_after(response.headers),
        excerpt=excerpt,
    )


def retry_after(headers: httpx2.Headers) -> timedelta | None:
    """What ``Retry-After`` asks for, in either form; ``None`` if it is absent, garbage or beyond a year."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        wait = timedelta(seconds=float(value))
    except OverflowError:
        return None
    except ValueError:
        moment, now = _moment(value), _moment(headers.get("date", "")) or datetime.now(UTC)
        if moment is None:
            return None
        wait = moment - now
    return max(wait, timedelta(0)) if wait <= _LONGEST_RETRY_AFTER else None


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _request_id(headers: httpx2.Headers) -> str | None:
    return next((value[:_MAX_REQUEST_ID] for name in _REQUEST_ID_HEADERS if (value := headers.get(name))), None)


def _why(error: ValidationError) -> str:
    # Without the input: it may hold a secret.
    first = error.errors(include_url=False, include_input=False, include_context=False)[:3]
    return "; ".join(f"{'.'.join(map(str, reason['loc'])) or 'body'}: {reason['msg']}" for reason in first)

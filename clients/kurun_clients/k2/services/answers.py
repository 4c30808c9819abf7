"""What an answer under a success status means: a result, or the reason why there is none."""

from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from typing import Final, Generic, TypeVar

from pydantic import ValidationError

from kurun_clients.http import Reply
from kurun_clients.k2.errors import K2Error, NotExecuted, from_failure
from kurun_clients.k2.services.failure import Failure, failures_in, json_failure, looks_like_json
from kurun_clients.k2.services.xml_reading import Element, UnreadableXml, local_name, parse

Result = TypeVar("Result", covariant=True)  # noqa: PLC0105 - reads better than Result_co

NOT_EXECUTED_STATUS: Final = 202
"""What K2 answers where it wants XML and gets JSON. We send XML; a gateway before K2 may say it too."""


@dataclass(frozen=True)
class Expected(Generic[Result]):
    """What a call is to give.

    Attributes:
        build: Makes the result of the root of an XML document.
        empty: Makes the result of an answer that says nothing but that it was no failure; without it, that is none.
        partly: Whether failures inside the document concern single entries, and are the result's own affair.
    """

    build: Callable[[Element], Result]
    empty: Callable[[], Result] | None = None
    partly: bool = False

    def read(self, reply: Reply, *, changes_state: bool) -> Result:
        """The result.

        Raises:
            K2Error: K2 did not do it, and says so under a success status.
            InvalidResponse: The answer cannot be read.
        """
        place = f"{reply.call.method} {reply.call.path}"
        if reply.status == NOT_EXECUTED_STATUS:
            raise NotExecuted(f"{place}: {reply.status}: K2 took the request and did not execute it")
        try:
            if looks_like_json(reply.content):
                return self._without_document(json_failure(reply.content), place, changes_state)
            if not reply.content.strip():
                return self._without_document(None, place, changes_state)
            root = parse(reply.content, _charset(reply.headers.get("content-type", "")))
            failure = next(failures_in(root), None)
            if failure is not None and (not self.partly or local_name(root) == "Failure"):
                raise _error(failure, place, changes_state)
            return self.build(root)
        except ValidationError as error:
            raise reply.call.invalid(f"{reply.status} with a wrong value: {_why(error)}") from None
        except UnreadableXml as error:
            raise reply.call.invalid(f"{reply.status}: {error}") from None

    def _without_document(self, failure: Failure | None, place: str, changes_state: bool) -> Result:
        if failure is not None:
            raise _error(failure, place, changes_state)
        if self.empty is None:
            raise UnreadableXml("an XML document was expected, and there is none")
        return self.empty()


def done(root: Element) -> None:
    """Accept whatever K2 says of something done, as its documents disagree; a web page is none of it."""
    if local_name(root).lower() == "html":
        raise UnreadableXml("the answer is a web page")


DONE: Final = Expected(done, empty=lambda: None)
"""For what has no result."""


def _error(failure: Failure, place: str, changes_state: bool) -> K2Error:
    return from_failure(place, failure.message, changes_state=changes_state)


def _charset(content_type: str) -> str | None:
    header = Message()
    header["content-type"] = content_type
    return header.get_content_charset()


def _why(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[:3]
    return "; ".join(f"{'.'.join(map(str, reason['loc']))}: {reason['msg']}" for reason in first)

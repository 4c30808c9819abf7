"""One call: who makes it, its options and its document."""

import re
from collections.abc import Callable, Mapping
from email.message import Message
from sqlite3 import Connection
from typing import Concatenate, Final, ParamSpec, TypeVar

from starlette.requests import Request

from kurun_twin.k2.platform import K2Platform, K2User
from kurun_twin.k2.services_api.criteria import Criteria, read_criteria
from kurun_twin.k2.services_api.documents import Element, UnreadableDocument, read_document
from kurun_twin.k2.services_api.formats import is_json, sent_type
from kurun_twin.k2.services_api.nodes import Details
from kurun_twin.k2.services_api.paths import path_value
from kurun_twin.k2.services_api.values import BOOLEANS
from kurun_twin.k2.services_api.worklist_fields import KNOWN_FIELDS

_WHOLE: Final = re.compile(r"\d{1,9}", re.ASCII)
_XML_TYPES: Final = re.compile(r"(application|text)/([\w.-]+\+)?xml")

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class WrongOption(Exception):  # noqa: N818 - it says what is the matter
    """A query option has a value that it cannot have."""


class TooLarge(Exception):  # noqa: N818 - it says what is the matter
    """More bytes were posted than are accepted."""


class NotExecuted(Exception):  # noqa: N818 - it says what happened
    """JSON was posted to an operation that takes XML alone: it is answered 202, and nothing is done."""


class Call:
    """What handlers work with. Names of query options may be in upper or lower case, values in paths may not.

    Attributes:
        k2: The platform.
        user: Who calls.
    """

    def __init__(self, k2: K2Platform, request: Request, user: K2User, path: Mapping[str, str]) -> None:
        self.k2 = k2
        self.user = user
        self._request = request
        self._path = path
        self._options = {name.lower(): value for name, value in request.query_params.multi_items()}

    async def run(
        self,
        function: Callable[Concatenate[Connection, Parameters], Result],
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Result:
        """Run ``function(connection, …)`` in a transaction."""
        return await self.k2.database.run(function, *args, **kwargs)

    @property
    def serial(self) -> str:
        """The serial number in the path, which is written raw."""
        return self._path["serial"]

    def name(self, parameter: str = "name") -> str:
        """A value in the path, its replacement sequences resolved."""
        return path_value(self._path[parameter])

    def number(self, parameter: str) -> int | None:
        """A number in the path; ``None`` if something else stands there."""
        text = self._path[parameter]
        return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None

    def text(self, option: str) -> str | None:
        """A query option."""
        return self._options.get(option.lower())

    def flag(self, option: str) -> bool:
        """A Boolean query option; absent, it is off.

        Raises:
            WrongOption: It is no Boolean.
        """
        text = self.text(option) or "false"
        if text.lower() not in BOOLEANS:
            raise WrongOption(f"{option} is true or false")
        return BOOLEANS[text.lower()]

    def window(self) -> slice:
        """What ``$skip`` and ``$top`` want of a list; 0 is all of it.

        Raises:
            WrongOption: One of them is no number.
        """
        skip, top = self._count("$skip"), self._count("$top")
        return slice(skip, skip + top if top else None)

    def details(self) -> Details:
        """Which fields are asked for."""
        return Details(
            data_fields=self.flag("piDataField"),
            xml_fields=self.flag("piXmlField"),
            activity_data_fields=self.flag("actDataField"),
            activity_xml_fields=self.flag("actXmlField"),
        )

    def filter(self) -> Criteria:
        """The Criteria document of the query option ``filterXml``."""
        text = self.text("filterXml")
        return read_criteria(text.encode(), KNOWN_FIELDS, charset="utf-8") if text else Criteria()

    async def posted_criteria(self) -> Criteria:
        """The Criteria document that was posted."""
        return read_criteria(await self._content(), KNOWN_FIELDS, charset=self._charset)

    async def document(self, root: str) -> Element:
        """The document that was posted.

        Raises:
            NotExecuted: It is JSON.
            UnreadableDocument: It is no XML that is accepted.
            TooLarge: It is too large.
        """
        return read_document(await self._content(), root, charset=self._charset)

    @property
    def _charset(self) -> str | None:
        header = Message()
        header["Content-Type"] = self._request.headers.get("content-type", "application/xml")
        return header.get_content_charset()

    async def _content(self) -> bytes:
        media_type = sent_type(self._request)
        if is_json(media_type):
            raise NotExecuted
        if _XML_TYPES.fullmatch(media_type) is None:
            raise UnreadableDocument(f"XML is wanted, not {media_type[:60]}")
        limit, content = self.k2.options.max_body, bytearray()
        async for piece in self._request.stream():
            content += piece
            if len(content) > limit:
                raise TooLarge(f"a document has at most {limit} bytes")
        return bytes(content)

    def _count(self, option: str) -> int:
        text = self.text(option) or "0"
        if _WHOLE.fullmatch(text) is None:
            raise WrongOption(f"{option} is a number from 0")
        return int(text)

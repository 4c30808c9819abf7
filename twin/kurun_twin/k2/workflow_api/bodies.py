"""Bodies of requests. Upper and lower case of their members do not matter; unknown members are ignored."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import from_json
from starlette.requests import Request

from kurun_twin.k2.platform import Changes, StartInput, XmlField
from kurun_twin.k2.workflow_api.answers import RequestProblem

_JSON_TYPES: Final = frozenset({"application/json", "text/json"})
_DATE_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?", re.ASCII | re.IGNORECASE)
_FRACTION: Final = re.compile(r"\.(\d+)")

Whole = Annotated[int, Field(ge=-(2**31), lt=2**31)]


def _moment(text: str) -> str:
    if _DATE_TIME.fullmatch(text) is None:
        raise ValueError("no date and time")
    moment(text)
    return text


def moment(text: str) -> datetime:
    """A date and time; without a zone it is UTC."""
    digits = _FRACTION.sub(lambda found: f".{found[1][:6]:0<6}", text.upper())
    read = datetime.fromisoformat(digits)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


class _Body(BaseModel):
    model_config = ConfigDict(
        alias_generator=lambda name: to_camel(name).lower(), strict=True, frozen=True, hide_input_in_errors=True
    )

    @model_validator(mode="before")
    @classmethod
    def _any_case(cls, given: object) -> object:
        """Members by their names in lower case; ``null`` is as good as absent."""
        if not isinstance(given, dict):
            return given
        return {name.lower(): value for name, value in given.items() if value is not None}


class RedirectBody(_Body):
    """``UserDefinedRedirect``."""

    redirect_to: Annotated[str, Field(min_length=1)]


class SleepBody(_Body):
    """``UserDefinedSleep``: one of the two."""

    sleep_for: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    sleep_until: Annotated[str, AfterValidator(_moment)] | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> "SleepBody":
        if (self.sleep_for is None) == (self.sleep_until is None):
            raise ValueError("either SleepFor or SleepUntil is wanted")
        return self


class XmlFieldBody(_Body):
    """A named field with XML text."""

    name: Annotated[str, Field(min_length=1)]
    value: str = ""


class UpdateFieldsBody(_Body):
    """``UpdateFieldsRequest``."""

    data_fields: dict[str, Any] = Field(default_factory=dict)
    xml_fields: list[XmlFieldBody] = Field(default_factory=list)
    item_references: dict[str, Any] = Field(default_factory=dict)

    def changes(self) -> Changes:
        """The fields to set."""
        xml_fields = tuple(XmlField(each.name, each.value) for each in self.xml_fields)
        return Changes(self.data_fields, xml_fields, self.item_references)


class StartBody(UpdateFieldsBody):
    """``UserDefinedWorkflowInstance``."""

    folio: str = ""
    priority: Whole = 1
    expected_duration: Whole = 0

    def start_input(self) -> StartInput:
        """What the workflow is started with."""
        return StartInput(self.folio, self.priority, self.expected_duration, self.changes())


Body = TypeVar("Body", bound=_Body)


async def read(request: Request, kind: type[Body], max_bytes: int, *, required: bool = True) -> Body:
    """The body of a request.

    Raises:
        RequestProblem: It is missing, too large, of another type, no JSON or of another shape.
    """
    content = await _content(request, max_bytes)
    if not content.strip():
        if required:
            raise RequestProblem(400, "A body is required.")
        return kind.model_validate({})
    _ensure_json(request.headers)
    try:
        return kind.model_validate(from_json(content, allow_inf_nan=False))
    except ValidationError as invalid:
        detail = invalid.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in detail["loc"])
        raise RequestProblem(400, f"The request is invalid. {place}: {detail['msg']}") from None
    except ValueError:
        raise RequestProblem(400, "The request is invalid. The body is no JSON.") from None


def _ensure_json(headers: Mapping[str, str]) -> None:
    given = headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in _JSON_TYPES:
        message = f"The request entity's media type '{given}' is not supported for this resource."
        raise RequestProblem(415, message)


async def _content(request: Request, max_bytes: int) -> bytes:
    content = bytearray()
    async for piece in request.stream():
        content += piece
        if len(content) > max_bytes:
            raise RequestProblem(413, "The request is too large.")
    return bytes(content)

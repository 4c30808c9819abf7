"""In which format a call is sent, and in which it is to be answered."""

from starlette.requests import Request


class UnknownFormat(Exception):  # noqa: N818 - it says what is the matter
    """``$format`` names none that is served; Atom is none either."""


def sent_type(request: Request) -> str:
    """The media type of what was sent; XML unless another is named."""
    return request.headers.get("content-type", "application/xml").partition(";")[0].strip().lower()


def is_json(media_type: str) -> bool:
    """Whether a media type is JSON."""
    return media_type.endswith(("/json", "+json"))


def answers_json(request: Request) -> bool:
    """Whether the answer is to be JSON rather than XML: ``$format`` says it, else the type of what was sent.

    Raises:
        UnknownFormat: ``$format`` is something else.
    """
    for name, value in request.query_params.multi_items():
        if name.lower() == "$format":
            if value.lower() not in {"xml", "json"}:
                raise UnknownFormat(f"$format is xml or json; {value[:40]!r} is not served")
            return value.lower() == "json"
    return is_json(sent_type(request))

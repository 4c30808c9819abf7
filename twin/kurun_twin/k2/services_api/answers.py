"""Answers of the K2 Services: data, success or a ``Failure``, in the format that is asked for."""

from typing import Final

from starlette.responses import Response

from kurun_twin.k2.platform import K2Refusal, RefusalKind
from kurun_twin.k2.services_api.rendering import FRAMEWORK, SUCCESS, Node, to_json_text, to_xml
from kurun_twin.options import TwinOptions

XML: Final = "application/xml; charset=utf-8"
JSON: Final = "application/json; charset=utf-8"
DONE: Final = Node(SUCCESS, "success")
"""The answer of what has nothing else to say."""

_UNCLASSIFIED: Final = -1  # the documented failure has it even where its message begins with a code
_GONE: Final = frozenset({RefusalKind.DENIED_OR_NOT_FOUND, RefusalKind.SLOT_TAKEN})


class NoSuchThing(Exception):  # noqa: N818 - it is an answer
    """What the path names is not there."""


def answer(node: Node, options: TwinOptions, *, in_json: bool, status: int = 200) -> Response:
    """A document in the format that is asked for."""
    if in_json:
        return Response(to_json_text(node, wcf_dates=options.k2_services_wcf_dates), status, media_type=JSON)
    return Response(to_xml(node), status, media_type=XML)


def failure(message: str, *, number: int = 0) -> Node:
    """A ``Failure``; of a batch, ``number`` says which entry's."""
    return Node(
        FRAMEWORK,
        "Failure",
        {"ID": number, "Code": _UNCLASSIFIED},
        [Node(FRAMEWORK, "Message", text=message), Node(FRAMEWORK, "Description", text="client-failure")],
    )


def refusal_text(refusal: K2Refusal) -> str:
    """What the engine says: its code, where it has one, and the reason."""
    code = "" if refusal.code is None else str(refusal.code)
    return refusal.message if refusal.message.startswith(code) else f"{code} {refusal.message}"


def refusal_status(refusal: K2Refusal, options: TwinOptions) -> int:
    """404 for what is not there, by K2's documents, and 500 for everything else."""
    if refusal.kind in _GONE:
        return options.k2_services_gone_status
    return 404 if refusal.kind is RefusalKind.NO_WORKFLOW else 500

"""What K2 refuses; the HTTP layers say it in their own ways."""

from enum import StrEnum

DENIED_OR_NOT_FOUND = "Task could not be retrieved. Either access denied or not found."
"""One text for both causes, so that nobody learns what exists."""

NOT_YOURS = 24411
"""The engine's code: the caller is no destination of the item, or the workflow has moved past it."""
NO_SUCH_ITEM = 26030
"""The engine's code: an unknown serial number, or no free slot."""
NO_SUCH_PROCESS = 25223
"""The engine's code: there is no workflow of this name or id."""


class RefusalKind(StrEnum):
    """Why something is refused."""

    DENIED_OR_NOT_FOUND = "denied or not found"
    SLOT_TAKEN = "slot taken"
    WRONG_STATE = "wrong state"
    BAD_REQUEST = "bad request"
    INVALID_DATA = "invalid data"
    NOT_PERMITTED = "not permitted"
    NO_WORKFLOW = "no workflow"


class K2Refusal(Exception):  # noqa: N818 - it is an answer, not a failure of ours
    """The request is refused; nothing was changed.

    Attributes:
        kind: Why.
        code: The engine's number for it, where one is known.
        message: The reason, for people; begins with the code where the engine's messages do.
    """

    def __init__(self, kind: RefusalKind, message: str, *, code: int | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.code = code
        self.message = message


def denied(code: int) -> K2Refusal:
    """The caller gets no such task, event or instance: under ``code`` the engine knows why."""
    return K2Refusal(RefusalKind.DENIED_OR_NOT_FOUND, DENIED_OR_NOT_FOUND, code=code)


def bad_request(message: str) -> K2Refusal:
    """The request cannot be right."""
    return K2Refusal(RefusalKind.BAD_REQUEST, message)


def invalid_data(message: str) -> K2Refusal:
    """The fields do not fit the workflow."""
    return K2Refusal(RefusalKind.INVALID_DATA, message)


def wrong_state(message: str) -> K2Refusal:
    """The task's present state does not allow this."""
    return K2Refusal(RefusalKind.WRONG_STATE, message)


def not_permitted(message: str) -> K2Refusal:
    """The caller lacks a right."""
    return K2Refusal(RefusalKind.NOT_PERMITTED, message)


def no_workflow(which: object) -> K2Refusal:
    """There is no workflow of this name or id."""
    message = f"{NO_SUCH_PROCESS} Process {which} not found"
    return K2Refusal(RefusalKind.NO_WORKFLOW, message, code=NO_SUCH_PROCESS)

"""What the platform refuses, with the status that KuFlow gives."""


class Refusal(Exception):  # noqa: N818 - it is an answer, not a failure of ours
    """The request is refused; nothing was changed.

    Attributes:
        status: HTTP status of the answer.
        code: Short name of the reason, for programs.
        message: The reason, for people.
        location: The field that is to blame, if one is.
        location_type: Where the field stands: ``body``, ``query``, ``path`` or ``header``.
    """

    status = 400
    code = "bad_request"

    def __init__(self, message: str, *, location: str | None = None, location_type: str = "body") -> None:
        super().__init__(message)
        self.message = message
        self.location = location
        self.location_type = location_type


class Invalid(Refusal):
    """A value in the request cannot be right."""

    code = "invalid_value"


class Forbidden(Refusal):
    """The caller may not do this."""

    status = 403
    code = "forbidden"


class NotFound(Refusal):
    """There is no such thing."""

    status = 404
    code = "not_found"


class Conflict(Refusal):
    """The thing's present state does not allow this."""

    status = 409
    code = "invalid_state"


class TooLarge(Refusal):
    """More bytes than are accepted."""

    status = 413
    code = "too_large"


class UnsupportedMediaType(Refusal):
    """The body is of another type than the operation takes."""

    status = 415
    code = "unsupported_media_type"


class InvalidData(Conflict):
    """The data breaks its schema, and what was asked for needs valid data.

    Attributes:
        breaches: The ``JsonValueError`` objects of the data.
    """

    code = "invalid_data"

    def __init__(self, breaches: list[dict[str, str]]) -> None:
        super().__init__("the data breaks its schema")
        self.breaches = breaches


class InvalidInput(Invalid):
    """What an action was given breaks its schema.

    Attributes:
        breaches: The ``JsonValueError`` objects of the input.
    """

    code = "invalid_data"

    def __init__(self, breaches: list[dict[str, str]], location: str) -> None:
        super().__init__("the input breaks its schema", location=location)
        self.breaches = breaches

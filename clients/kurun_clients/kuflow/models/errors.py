"""The body of KuFlow's error responses."""

from kurun_clients.kuflow.models.base import Moment, Resource


class DefaultErrorInfo(Resource):
    """One reason inside a :class:`DefaultError`; ``location`` names the field when there is one."""

    code: str | None = None
    message: str | None = None
    location: str | None = None
    location_type: str | None = None


class DefaultError(Resource):
    """What KuFlow says when it refuses a request (schema ``DefaultError`` of its API)."""

    status: int
    message: str = ""
    timestamp: Moment | None = None
    errors: list[DefaultErrorInfo] | None = None

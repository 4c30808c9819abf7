"""Documents: files that data refers to."""

from kurun_clients.kuflow.models.base import Resource


class DocumentReference(Resource):
    """Where an uploaded document lies; KuFlow deletes it after some hours unless data refers to it."""

    document_uri: str

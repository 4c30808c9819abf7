"""The group KMS."""

from starlette.requests import Request
from starlette.responses import Response

from kurun_twin.api.operations import Api, Operation
from kurun_twin.api.responses import json_response


async def retrieve_key(api: Api, request: Request) -> Response:
    """Hand out a key. The answer must not be kept by anyone on its way."""
    key_id = request.path_params["keyId"]
    key = await api.platform.database.run(api.platform.kms_keys.retrieve, key_id)
    api.platform.figures.count("kms_keys")
    return json_response(key, headers={"Cache-Control": "no-store"})


OPERATIONS = [Operation("retrieveKmsKey", "GET", "/kms/keys/{keyId}", retrieve_key)]

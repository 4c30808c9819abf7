"""The group Authentication."""

import asyncio
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response

from kurun_twin.api import parameters
from kurun_twin.api.operations import Api, Operation, caller
from kurun_twin.api.responses import json_response
from kurun_twin.clock import microseconds, wire_time
from kurun_twin.platform.json_data import JsonObject
from kurun_twin.platform.refusals import Forbidden, Invalid
from kurun_twin.platform.requests import AuthenticationCreate, CredentialType


async def create_authentication(api: Api, request: Request) -> Response:
    """Hand out a key to the engine. The answer must not be kept by anyone on its way."""
    wanted = await parameters.body(request, AuthenticationCreate, api.platform.options.max_body)
    tenant_id = api.platform.definitions.tenant.id
    if wanted.tenant_id is None and request.scope["kurun.access_token"]:
        raise Invalid("tenantId is required with an access token", location="tenantId")
    if wanted.tenant_id not in (None, tenant_id):
        raise Forbidden("the credentials do not belong to this tenant", location="tenantId")
    if wanted.type is CredentialType.ENGINE_TOKEN:
        credential = await asyncio.to_thread(_token, api)
        api.platform.figures.count("engine_tokens")
    else:
        credential = await asyncio.to_thread(_certificate, api)
        api.platform.figures.count("engine_certificates")
    now, by = wire_time(microseconds()), caller(request).id
    body: JsonObject = {
        "createdBy": by,
        "createdAt": now,
        "lastModifiedBy": by,
        "lastModifiedAt": now,
        "id": str(uuid4()),
        "type": wanted.type.value,
        "tenantId": str(tenant_id),
        **credential,
    }
    return json_response(body, headers={"Cache-Control": "no-store"})


def _token(api: Api) -> JsonObject:
    issued = api.authority.issue_token()
    return {"engineToken": {"token": issued.token, "expiredAt": issued.expired_at}}


def _certificate(api: Api) -> JsonObject:
    issued = api.authority.issue_certificate()
    tls = {
        "serverRootCaCertificate": issued.server_root_ca_certificate,
        "clientCertificate": issued.client_certificate,
        "clientPrivateKey": issued.client_private_key,
    }
    return {"engineCertificate": {"namespace": issued.namespace, "tls": tls}}


OPERATIONS = [Operation("createAuthentication", "POST", "/authentications", create_authentication)]

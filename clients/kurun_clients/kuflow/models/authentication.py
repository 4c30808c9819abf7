"""Engine credentials: what opens the way to the Temporal engine."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from kurun_clients.kuflow.models.base import Audited, Growing, Moment, Params, Resource


class AuthenticationType(StrEnum):
    """Which credential is asked for."""

    ENGINE_TOKEN = "ENGINE_TOKEN"  # noqa: S105 - the name of a kind, no token
    ENGINE_CERTIFICATE = "ENGINE_CERTIFICATE"


class AuthenticationCreateParams(Params):
    """Ask for a credential; ``tenant_id`` is required when the caller came by OAuth 2."""

    type: AuthenticationType
    tenant_id: UUID | None = None


class EngineToken(Resource):
    """A bearer token for every call to the engine, useless after ``expired_at``."""

    token: str = Field(repr=False)
    expired_at: Moment | None = None


class EngineCertificateTls(Resource):
    """PEM texts for mutual TLS with the engine. Their lifetime stands only inside the certificate."""

    server_root_ca_certificate: str
    client_certificate: str
    client_private_key: str = Field(repr=False)


class EngineCertificate(Resource):
    """The namespace to work in and the keys to its door."""

    namespace: str
    tls: EngineCertificateTls


class Authentication(Audited):
    """A credential made for the current principal."""

    id: UUID | None = None
    type: Annotated[AuthenticationType, Growing] | None = None
    tenant_id: UUID | None = None
    engine_token: EngineToken | None = None
    engine_certificate: EngineCertificate | None = None

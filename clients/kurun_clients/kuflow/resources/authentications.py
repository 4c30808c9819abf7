"""POST /authentications: credentials for the Temporal engine."""

from uuid import UUID

from kurun_clients.http import BaseClient
from kurun_clients.kuflow.models import Authentication, AuthenticationCreateParams, AuthenticationType
from kurun_clients.kuflow.resources.bodies import body


class Authentications:
    """Engine credentials of the current principal."""

    def __init__(self, client: BaseClient, tenant_id: UUID | None) -> None:
        self._client = client
        self._tenant_id = tenant_id

    async def create(self, kind: AuthenticationType, *, tenant_id: UUID | None = None) -> Authentication:
        """Make a credential.

        Args:
            kind: A token for each call to the engine, or the certificate that opens the connection.
            tenant_id: Tenant, required with OAuth 2; by default the client's.
        """
        params = AuthenticationCreateParams(type=kind, tenant_id=tenant_id or self._tenant_id)
        # One credential more harms nobody, so a lost answer is simply asked for again.
        return await self._client.call(Authentication, "POST", "/authentications", json=body(params), idempotent=True)

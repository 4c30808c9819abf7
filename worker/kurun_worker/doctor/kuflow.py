"""Whether KuFlow lets this worker in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from kurun_clients.http import ApiError, Forbidden, NotFound, StatusError, Unauthorized
from kurun_clients.kuflow import KuFlowClient
from kurun_clients.kuflow.models import Authentication, AuthenticationType, TenantPageItem
from kurun_config import KuFlowAuthentication, KuFlowSettings, variable
from kurun_worker.doctor.report import Outcome, Verdict, failed, misconfigured, ok, warning
from kurun_worker.reasons import line
from kurun_worker.registration import is_final, refusal

_MOST_TENANTS: Final = 5


@dataclass
class KuFlowSide:
    """What is asked of the KuFlow API.

    Attributes:
        settings: Where it is, and who we are.
        client: Asks; open.
        learn: Told the token, which must not be seen.
        token: The engine token, once it is there.
        certificate: The answer with the engine certificate, once it is there.
    """

    settings: KuFlowSettings
    client: KuFlowClient
    learn: Callable[[str], None]
    token: Authentication | None = field(default=None, repr=False)
    certificate: Authentication | None = field(default=None, repr=False)

    async def credentials(self) -> Verdict:
        """Ask for an engine token."""
        try:
            self.token = await self.client.authentications.create(AuthenticationType.ENGINE_TOKEN)
        except ApiError as error:
            return self.refused(error, "an engine token")
        if self.token.engine_token is None:
            return failed("KuFlow's answer has no engine token", self._whose())
        self.learn(self.token.engine_token.token)
        end = self.token.engine_token.expired_at
        return ok(f"KuFlow gives an engine token{f', good until {end:%H:%M:%S} UTC' if end else ''}")

    async def authority(self) -> Verdict | None:
        """Ask for the engine certificate; what is wrong with the answer, if anything is."""
        try:
            self.certificate = await self.client.authentications.create(AuthenticationType.ENGINE_CERTIFICATE)
        except ApiError as error:
            return self.refused(error, "the engine certificate")
        if self.certificate.engine_certificate is None:
            return failed("KuFlow's answer has no engine certificate", self._whose())
        return None

    def refused(self, error: ApiError, wanted: str) -> Verdict:
        """What a failed request for credentials means."""
        match error:
            case Unauthorized():
                return misconfigured(
                    f"KuFlow does not know these credentials (HTTP 401): {refusal(error)}",
                    f"check {self._named()}: copied whole, of an application, not revoked, and for this KuFlow",
                )
            case Forbidden():
                return misconfigured(
                    f"KuFlow knows who we are, but does not give us {wanted} (HTTP 403): {refusal(error)}",
                    f"give the application of {self._named()} the right to work as a worker, and check "
                    f"{variable('kuflow.tenant_id')}",
                )
            case NotFound():
                said = f"{self.settings.endpoint} is no KuFlow API (HTTP 404)"
                return misconfigured(said, f"check {variable('kuflow.endpoint')}, with the version at its end")
            case StatusError() if is_final(error):
                fix = f"check the settings that begin with {variable('kuflow')}_"
                return misconfigured(f"KuFlow refuses to give {wanted} (HTTP {error.status}): {refusal(error)}", fix)
            case StatusError():
                return failed(f"KuFlow is not well: {line(error)}", "try again later, and see KuFlow's status page")
            case _:
                return failed(f"KuFlow does not answer as it should: {line(error)}", self._whose())

    async def tenant(self) -> Verdict:
        """Ask which tenants we may work in."""
        wanted = self.settings.tenant_id
        try:
            found = (await self.client.tenants.find(tenant_id=wanted or (), size=_MOST_TENANTS)).content
            ours = found if found or wanted is None else (await self.client.tenants.find(size=_MOST_TENANTS)).content
        except Unauthorized:
            return Verdict(Outcome.SKIPPED, "because KuFlow does not know these credentials")
        except StatusError as error:
            said = f"KuFlow does not say in which tenants we may work: {line(error)}"
            return warning(said, f"see that {variable('kuflow.tenant_id')} is right")
        except ApiError as error:
            return failed(f"KuFlow does not answer as it should: {line(error)}", self._whose())
        return _judged(wanted, ours)

    def _named(self) -> str:
        if self.settings.authentication is KuFlowAuthentication.BEARER:
            return variable("kuflow.token")
        return f"{variable('kuflow.client_id')} and {variable('kuflow.client_secret')}"

    def _whose(self) -> str:
        return f"see what answers at {self.settings.endpoint}, and whether a proxy stands before it"


def _judged(wanted: UUID | None, ours: Sequence[TenantPageItem]) -> Verdict:
    listed = ", ".join(f"{each.name} ({each.id})" for each in ours)
    if not ours:
        return misconfigured("we may work in no tenant at all", "add the application to a tenant in KuFlow")
    if wanted is not None and all(each.id != wanted for each in ours):
        said = f"we may not work in tenant {wanted}, but in {listed}"
        return misconfigured(said, f"set {variable('kuflow.tenant_id')} to one of these")
    if wanted is None and len(ours) > 1:
        return warning(f"we may work in several tenants: {listed}", f"say which one in {variable('kuflow.tenant_id')}")
    return ok(f"we may work in {listed}")

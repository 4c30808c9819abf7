"""What KuFlow's answers mean for whoever has to mend something."""

import json
from uuid import UUID

import pytest

from kurun_clients.kuflow import KuFlowClient
from kurun_config import KuFlowSettings
from kurun_worker.doctor.kuflow import KuFlowSide
from kurun_worker.doctor.report import Fault, Outcome, Verdict
from tests.unit.loopback import Script, answering, serving, status

OURS, OTHER = UUID(int=1), UUID(int=2)
TOKEN = json.dumps({"engineToken": {"token": "s3cr3t-token", "expiredAt": "2031-01-01T10:00:00Z"}}).encode()


def tenants(*found: UUID) -> bytes:
    """A page of tenants."""
    page = {"size": 5, "page": 0, "totalElements": len(found), "totalPages": 1}
    return json.dumps({"metadata": page, "content": [{"id": str(each), "name": "Acme"} for each in found]}).encode()


async def asked(*answers: Script, about: str, tenant_id: UUID | None = None) -> tuple[Verdict, list[str]]:
    """What the side of KuFlow says, and what it learned."""
    learned: list[str] = []
    async with serving(answering(*answers)) as server:
        settings = KuFlowSettings.model_validate(
            {
                "endpoint": f"{server.url}/v1",
                "client_id": "id",
                "client_secret": "wrong-secret",
                "tenant_id": tenant_id,
                "retries": 0,
            }
        )
        async with KuFlowClient.from_settings(settings) as client:
            side = KuFlowSide(settings, client, learned.append)
            verdict: Verdict = await getattr(side, about)()
    return verdict, learned


async def test_credentials_are_good_when_a_token_comes() -> None:
    """Its end is told, and it is never seen."""
    verdict, learned = await asked(status(200, TOKEN), about="credentials")

    assert verdict == Verdict(Outcome.OK, "KuFlow gives an engine token, good until 10:00:00 UTC")
    assert learned == ["s3cr3t-token"]


@pytest.mark.parametrize(
    ("code", "fault", "said", "fix"),
    [
        (401, Fault.CONFIGURATION, "does not know these credentials (HTTP 401)", "check KURUN_KUFLOW_CLIENT_ID and"),
        (403, Fault.CONFIGURATION, "does not give us an engine token (HTTP 403)", "KURUN_KUFLOW_TENANT_ID"),
        (404, Fault.CONFIGURATION, "is no KuFlow API (HTTP 404)", "check KURUN_KUFLOW_ENDPOINT"),
        (400, Fault.CONFIGURATION, "refuses to give an engine token (HTTP 400)", "KURUN_KUFLOW"),
        (503, Fault.OUTSIDE, "KuFlow is not well", "try again later"),
    ],
)
async def test_a_refusal_is_told_by_its_status(code: int, fault: Fault, said: str, fix: str) -> None:
    """Unknown credentials, a missing right, a wrong address and a sick server are mended by different people."""
    verdict, _ = await asked(status(code), about="credentials")

    assert (verdict.outcome, verdict.fault) == (Outcome.FAILED, fault)
    assert said in verdict.said
    assert fix in verdict.fix
    assert "wrong-secret" not in str(verdict)


@pytest.mark.parametrize("body", [b"<html>", b"{}"])
async def test_an_answer_that_is_not_kuflows_is_told(body: bytes) -> None:
    """Such as that of a proxy."""
    verdict, _ = await asked(status(200, body), about="credentials")

    assert (verdict.outcome, verdict.fault) == (Outcome.FAILED, Fault.OUTSIDE)
    assert "whether a proxy stands before it" in verdict.fix


@pytest.mark.parametrize(
    ("tenant_id", "answers", "outcome", "said"),
    [
        (OURS, [tenants(OURS)], Outcome.OK, f"we may work in Acme ({OURS})"),
        (None, [tenants(OURS)], Outcome.OK, f"we may work in Acme ({OURS})"),
        (None, [tenants(OURS, OTHER)], Outcome.WARNING, "we may work in several tenants"),
        (OTHER, [tenants(), tenants(OURS)], Outcome.FAILED, f"we may not work in tenant {OTHER}, but in Acme"),
        (None, [tenants()], Outcome.FAILED, "we may work in no tenant at all"),
    ],
)
async def test_the_tenant_has_to_be_one_of_ours(
    tenant_id: UUID | None, answers: list[bytes], outcome: Outcome, said: str
) -> None:
    """GET /tenants lists those that the application may work in."""
    verdict, _ = await asked(*(status(200, body) for body in answers), about="tenant", tenant_id=tenant_id)

    assert verdict.outcome is outcome
    assert said in verdict.said


async def test_a_kuflow_that_does_not_list_tenants_is_a_warning() -> None:
    """The application may lack that right and work all the same."""
    verdict, _ = await asked(status(403), about="tenant")

    assert verdict.outcome is Outcome.WARNING

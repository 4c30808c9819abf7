"""This machine's clock against the date in KuFlow's answers."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from kurun_config import KuFlowSettings
from kurun_worker.doctor import clock
from kurun_worker.doctor.report import Fault, Outcome
from tests.unit.loopback import answering, serving, status


@pytest.mark.parametrize(
    ("behind", "outcome", "said"),
    [
        (0, Outcome.OK, "of KuFlow's"),
        (30, Outcome.WARNING, "s behind KuFlow's"),
        (-30, Outcome.WARNING, "s ahead of KuFlow's"),
        (3600, Outcome.FAILED, "behind KuFlow's; more than 60 s is too much"),
        (-90, Outcome.FAILED, "ahead of KuFlow's; more than 60 s is too much"),
    ],
)
async def test_a_clock_that_is_wrong_is_told_with_how_much(behind: int, outcome: Outcome, said: str) -> None:
    """Even a refusal has a date: nothing secret is sent for it."""
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=behind), usegmt=True)
    async with serving(answering(status(404, date=date))) as kuflow:
        verdict = await clock.look(KuFlowSettings.model_validate({"endpoint": kuflow.url}))

        assert "authorization" not in kuflow.received[0].headers
    assert verdict.outcome is outcome
    assert said in verdict.said
    assert ("NTP" in verdict.fix) == (outcome is not Outcome.OK)
    if behind:
        seconds = float(verdict.said.split(" clock is ")[1].split()[0])
        assert seconds == pytest.approx(abs(behind), abs=3)


@pytest.mark.parametrize("headers", [{}, {"date": "yesterday"}])
async def test_an_answer_without_a_date_is_a_warning(headers: dict[str, str]) -> None:
    """Then the clocks cannot be compared."""
    async with serving(answering(status(200, b"{}", **headers))) as kuflow:
        verdict = await clock.look(KuFlowSettings.model_validate({"endpoint": kuflow.url}))

    assert verdict.outcome is Outcome.WARNING


async def test_a_file_of_authorities_that_cannot_be_read_is_a_wrong_setting() -> None:
    """And no defect of the check."""
    verdict = await clock.look(KuFlowSettings.model_validate({"ca_file": "/absent/ca.pem"}))

    assert (verdict.outcome, verdict.fault) == (Outcome.FAILED, Fault.CONFIGURATION)
    assert "KURUN_KUFLOW_CA_FILE" in verdict.said


async def test_no_answer_is_a_failure() -> None:
    """Not of the clock's."""
    verdict = await clock.look(KuFlowSettings.model_validate({"endpoint": "http://127.0.0.1:9"}))

    assert verdict.outcome is Outcome.FAILED
    assert "does not answer" in verdict.said

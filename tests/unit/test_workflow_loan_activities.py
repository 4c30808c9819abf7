"""The loan's own activities, each alone."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.exceptions import ActivityError, ApplicationError, RetryState
from temporalio.testing import ActivityEnvironment

from kurun_examples.loan.activities import RATES, contract_pdf, convert_to_euro, is_unknown_currency, printable
from kurun_examples.loan.models import ContractRequest, Conversion, LoanApproval, Money, Outcome


def contract(applicant: str) -> ContractRequest:
    """A contract with this applicant."""
    return ContractRequest(
        process_id=UUID(int=1),
        applicant=applicant,
        asked=Money(amount=Decimal("5000.50"), currency="USD"),
        euro=Decimal("4327.94"),
        day=date(2025, 11, 3),
    )


@pytest.mark.parametrize(
    ("amount", "currency", "euro"), [("100", "EUR", "100.00"), ("11.554", "USD", "10.00"), ("0.01", "JPY", "0.00")]
)
async def test_amounts_are_converted_to_the_cent(amount: str, currency: str, euro: str) -> None:
    """Divided by the rate and rounded; the rate and its date come with it."""
    money = Money(amount=Decimal(amount), currency=currency)
    converted: Conversion = await ActivityEnvironment().run(convert_to_euro, money)

    assert str(converted.euro) == euro
    assert converted.rate == RATES[currency]


async def test_an_unknown_currency_ends_the_activity() -> None:
    """It has its own failure type, by which the workflow knows it, and is not tried again."""
    with pytest.raises(ApplicationError) as caught:
        await ActivityEnvironment().run(convert_to_euro, Money(amount=Decimal(1), currency="XAU"))

    error = ActivityError(
        "",
        scheduled_event_id=1,
        started_event_id=2,
        identity="",
        activity_type="convert_to_euro",
        activity_id="1",
        retry_state=RetryState.NON_RETRYABLE_FAILURE,
    )
    assert not is_unknown_currency(error)
    error.__cause__ = caught.value
    assert is_unknown_currency(error)
    assert caught.value.non_retryable


def test_the_same_contract_has_the_same_bytes() -> None:
    """A retried activity uploads what the first attempt did."""
    assert contract_pdf(contract("Ada")) == contract_pdf(contract("Ada"))
    assert contract_pdf(contract("Ada")) != contract_pdf(contract("Eve"))


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_every_name_can_be_printed(name: str) -> None:
    """Letters that the font lacks become question marks; nothing fails."""
    assert len(printable(name)) == len(name)
    assert contract_pdf(contract(name)).startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("fields", "decision"),
    [
        ({"Decision": "GRANTED"}, "GRANTED"),
        ({"Decision": "REJECTED"}, "REJECTED"),
        ({"Decision": "granted?"}, "REJECTED"),
    ],
)
def test_only_a_clear_decision_of_k2_grants(fields: dict[str, str], decision: str) -> None:
    """Nobody gets money because a data field is missing or misspelt."""
    assert LoanApproval.of_k2(fields) == LoanApproval(decision=Outcome(decision))
    assert LoanApproval.of_k2({"Comment": None}) == LoanApproval(decision=Outcome.REJECTED)

"""The data of the loan's tasks and the arguments of its own activities."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel

from kurun_workflows import WorkflowRequest


class Outcome(StrEnum):
    """How a loan ends."""

    GRANTED = "GRANTED"
    REJECTED = "REJECTED"


class Money(BaseModel):
    """An amount in a currency, named by its ISO 4217 code."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


class LoanApplication(BaseModel):
    """What the form LOAN_APPLICATION asks for; ``attachment`` is a ``kuflow-file:`` reference."""

    applicant: str
    email: str
    amount: Decimal
    currency: str
    attachment: str | None = None

    @property
    def money(self) -> Money:
        """What the applicant asks for."""
        return Money(amount=self.amount, currency=self.currency)


class Conversion(BaseModel):
    """An amount in euro, rounded to the cent, with the rate behind it (units of the currency for one euro)."""

    euro: Decimal
    rate: Decimal
    rate_date: date


class LoanApproval(BaseModel):
    """What the approver answers, in LOAN_APPROVAL or in K2."""

    decision: Outcome
    comment: str = ""

    @classmethod
    def of_k2(cls, fields: Mapping[str, Any]) -> Self:
        """What the data fields of the K2 workflow say; without a decision in them nobody gets money."""
        decision = Outcome.GRANTED if fields.get("Decision") == Outcome.GRANTED else Outcome.REJECTED
        return cls(decision=decision, comment=str(fields.get("Comment") or ""))


class Decision(BaseModel):
    """What LOAN_DECISION keeps: the outcome, the amount if it is known in euro, and why, step by step."""

    outcome: Outcome
    euro: Decimal | None = None
    reasons: list[str]

    def letter(self, applicant: str) -> str:
        """The message to the applicant, in Markdown."""
        return f"Dear {applicant}, your loan was **{self.outcome.lower()}**: {self.reasons[-1]}."


class ContractRequest(BaseModel):
    """What the contract says and the process it is kept in."""

    process_id: UUID
    applicant: str
    asked: Money
    euro: Decimal
    day: date

    @classmethod
    def of(
        cls, request: WorkflowRequest, application: LoanApplication, decision: Decision, now: datetime
    ) -> "ContractRequest":
        """Gather it from what the workflow knows."""
        return cls(
            process_id=request.process_id,
            applicant=application.applicant,
            asked=application.money,
            euro=decision.euro or application.amount,
            day=now.date(),
        )

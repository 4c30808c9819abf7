"""The loan: every step in the order in which it happens."""

from datetime import timedelta
from decimal import Decimal

from temporalio import workflow
from temporalio.exceptions import ActivityError

from kurun_workflows import KuFlowProcess, WorkflowRequest, WorkflowResponse

with workflow.unsafe.imports_passed_through():
    from kurun_examples.loan.activities import convert_to_euro, is_unknown_currency, write_contract
    from kurun_examples.loan.models import ContractRequest, Decision, LoanApplication, LoanApproval, Outcome

LIMIT_EURO = Decimal(10_000)
A_MINUTE = timedelta(minutes=1)


@workflow.defn
class LoanWorkflow:
    """Grants loans up to a limit by itself and asks an approver above it."""

    @workflow.init
    def __init__(self, request: WorkflowRequest) -> None:
        self.process = KuFlowProcess(request)

    @workflow.query
    def waiting_for(self) -> list[str | None]:
        """Codes of the tasks that are open now."""
        return [item.code for item in self.process.open_items]

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        """From the application to the outcome."""
        process = self.process
        application = (await process.task("LOAN_APPLICATION", LoanApplication)).data
        decision = await self.decide(application)
        record = await process.create_task("LOAN_DECISION", data=decision)
        await process.claim_task(record)
        for reason in decision.reasons:
            await process.log(record, reason)
        if decision.outcome is Outcome.GRANTED:
            contract = ContractRequest.of(request, application, decision, workflow.now())
            reference = await workflow.execute_activity(write_contract, contract, start_to_close_timeout=A_MINUTE)
            await process.attach_document(record, "/contract", reference)
        await process.complete_task(record)
        await process.message(decision.letter(application.applicant))
        await process.save_metadata({"applicant": application.applicant, "outcome": decision.outcome})
        return WorkflowResponse(message=f"loan {decision.outcome.lower()}")

    async def decide(self, application: LoanApplication) -> Decision:
        """Convert the amount; above the limit ask an approver."""
        money = application.money
        try:
            converted = await workflow.execute_activity(convert_to_euro, money, start_to_close_timeout=A_MINUTE)
        except ActivityError as error:
            if not is_unknown_currency(error):
                raise
            return Decision(outcome=Outcome.REJECTED, reasons=[f"we do not lend in {money.currency}"])
        reasons = [f"{money} is {converted.euro} EUR at {converted.rate}, the rate of {converted.rate_date}"]
        if converted.euro <= LIMIT_EURO:
            return Decision(outcome=Outcome.GRANTED, euro=converted.euro, reasons=[*reasons, "within the limit"])
        form = {"applicant": application.applicant, "euro": str(converted.euro)}
        approval = (await self.process.task("LOAN_APPROVAL", LoanApproval, data=form)).data
        reasons.append(f"the approver says {approval.decision}: {approval.comment or 'no comment'}")
        return Decision(outcome=approval.decision, euro=converted.euro, reasons=reasons)

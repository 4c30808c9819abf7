"""The loan: every step in the order in which it happens."""

from datetime import timedelta
from decimal import Decimal

from temporalio import workflow
from temporalio.exceptions import ActivityError

from kurun_workflows import KuFlowProcess, WorkflowRequest, WorkflowResponse
from kurun_workflows.k2 import K2Approvals

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
        self.approvals = K2Approvals(self.process)

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
        approval = await self.approve(application, converted.euro)
        reasons.append(f"the approver says {approval.decision}: {approval.comment or 'no comment'}")
        return Decision(outcome=approval.decision, euro=converted.euro, reasons=reasons)

    async def approve(self, application: LoanApplication, euro: Decimal) -> LoanApproval:
        """Ask an approver: in K2 if the process's metadata name a workflow there, else in KuFlow."""
        form = {"applicant": application.applicant, "euro": str(euro)}
        # Loans that were here before K2 was go on as they began.
        in_k2 = await self.k2_workflow() if workflow.patched("k2-approval") else None
        if in_k2 is None:
            return (await self.process.task("LOAN_APPROVAL", LoanApproval, data=form)).data
        item = await self.process.create_task("LOAN_K2_APPROVAL", data=form)
        await self.process.claim_task(item)
        outcome = await self.approvals.ask(
            in_k2,
            folio=f"Loan of {application.applicant}",
            data_fields={"Applicant": application.applicant, "Euro": float(euro)},
            item=item,
            acknowledge="Acknowledge",
        )
        await self.process.complete_task(item)
        return LoanApproval.of_k2(outcome.data_fields)

    async def k2_workflow(self) -> int | None:
        """Id of the K2 workflow that approves, if the process's metadata name one."""
        metadata = (await self.process.retrieve()).metadata
        k2 = metadata.value.get("k2") if metadata else None
        return k2.get("workflowId") if k2 else None

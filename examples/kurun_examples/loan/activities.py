"""The loan's own activities: ordinary Temporal activities that find KuFlow in the context."""

import asyncio
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Decimal

from fpdf import FPDF
from temporalio import activity
from temporalio.exceptions import ActivityError, ApplicationError

from kurun_activities import context
from kurun_clients.kuflow import BytesContent
from kurun_examples.loan.models import ContractRequest, Conversion, Money

RATES_DATE = date(2025, 10, 31)

# Units of a currency for one euro. Sample figures: a bank would ask its own service here.
RATES = {
    "EUR": Decimal(1),
    "CHF": Decimal("0.9287"),
    "CZK": Decimal("24.335"),
    "GBP": Decimal("0.8806"),
    "JPY": Decimal("178.18"),
    "SEK": Decimal("10.927"),
    "USD": Decimal("1.1554"),
}

UNKNOWN_CURRENCY = "UnknownCurrency"


@activity.defn
async def convert_to_euro(money: Money) -> Conversion:
    """Convert an amount into euro.

    Raises:
        ApplicationError: There is no rate for the currency (type ``UnknownCurrency``); repeating cannot help.
    """
    rate = RATES.get(money.currency)
    if rate is None:
        raise ApplicationError(
            f"there is no rate for {money.currency}", money.currency, type=UNKNOWN_CURRENCY, non_retryable=True
        )
    euro = (money.amount / rate).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    return Conversion(euro=euro, rate=rate, rate_date=RATES_DATE)


def is_unknown_currency(error: ActivityError) -> bool:
    """Whether :func:`convert_to_euro` failed because it does not know the currency."""
    return isinstance(error.cause, ApplicationError) and error.cause.type == UNKNOWN_CURRENCY


@activity.defn
async def write_contract(request: ContractRequest) -> str:
    """Write the contract as a PDF and upload it; the ``kuflow-file:`` reference to put into data."""
    # Laying out a page takes processor time: in a thread it holds up no other activity.
    pdf = await asyncio.to_thread(contract_pdf, request)
    document = await context.current().kuflow.processes.upload_document(
        request.process_id, BytesContent(pdf), file_name="contract.pdf", content_type="application/pdf"
    )
    return document.document_uri


def contract_pdf(request: ContractRequest) -> bytes:
    """The contract's bytes, the same for the same request."""
    pdf = FPDF(format="A4")
    pdf.set_creation_date(datetime.combine(request.day, time(), UTC))
    pdf.set_title("Loan contract")
    pdf.add_page()
    pdf.set_font("Helvetica", style="B", size=20)
    pdf.cell(text="Loan contract", new_x="LMARGIN", new_y="NEXT", h=16)
    pdf.set_font("Helvetica", size=12)
    for line in (
        f"Acme Bank lends {printable(request.applicant)} {request.euro:,} EUR.",
        f"Asked for: {request.asked}.",
        f"Process {request.process_id}, {request.day.isoformat()}.",
    ):
        pdf.cell(text=line, new_x="LMARGIN", new_y="NEXT", h=8)
    return bytes(pdf.output())


def printable(text: str) -> str:
    """What the PDF's built-in font can show; it has the letters of Western Europe only."""
    return text.encode("latin-1", "replace").decode("latin-1")

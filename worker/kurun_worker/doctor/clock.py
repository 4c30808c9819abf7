"""How far this machine's clock is from KuFlow's."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import httpx2

from kurun_clients.http import AiohttpTransport
from kurun_clients.http.trust import trusting
from kurun_config import ConfigurationError, KuFlowSettings
from kurun_worker.doctor.report import Verdict, failed, misconfigured, ok, warning

NOTICED: Final = timedelta(seconds=5)
"""Difference that is worth a warning."""
TOO_MUCH: Final = timedelta(seconds=60)
"""Difference with which tokens and certificates seem to have ended, or not to have begun."""
_HALF: Final = timedelta(seconds=0.5)  # the header has whole seconds, cut off

_FIX: Final = "let this machine keep time by NTP: `timedatectl set-ntp true`, or chrony; in a container: on its host"


def _now() -> datetime:
    return datetime.now(UTC)


async def look(kuflow: KuFlowSettings, *, now: Callable[[], datetime] = _now) -> Verdict:
    """Compare with the ``Date`` of any answer of KuFlow's.

    Args:
        kuflow: Where it is.
        now: This machine's time.
    """
    before = now()
    try:
        header = await _date(kuflow)
    except ConfigurationError as error:
        return misconfigured(str(error))
    except httpx2.TransportError as error:
        return failed(f"KuFlow does not answer: {error}", "see what is said of the connection to KuFlow")
    after = now()
    try:
        date = parsedate_to_datetime(header or "")
    except ValueError:
        return warning("KuFlow's answer has no date to compare with", "see that this machine keeps time by NTP")
    theirs = (date if date.tzinfo else date.replace(tzinfo=UTC)) + _HALF
    return judged(before + (after - before) / 2 - theirs)


def judged(ahead: timedelta) -> Verdict:
    """What to say of a clock that is so far ahead of KuFlow's."""
    seconds = abs(ahead.total_seconds())
    said = f"this machine's clock is {seconds:.1f} s {'ahead of' if ahead > timedelta(0) else 'behind'} KuFlow's"
    if seconds > TOO_MUCH.total_seconds():
        return failed(f"{said}; more than {TOO_MUCH.total_seconds():g} s is too much", _FIX)
    if seconds > NOTICED.total_seconds():
        return warning(said, _FIX)
    return ok(f"within {max(seconds, 1):.0f} s of KuFlow's")


async def _date(kuflow: KuFlowSettings) -> str | None:
    context = None if kuflow.ca_file is None else trusting(kuflow.ca_file, setting="kuflow.ca_file")
    timeout = httpx2.Timeout(kuflow.timeout.total_seconds(), connect=kuflow.connect_timeout.total_seconds())
    # Without credentials: a refusal has a date as well.
    request = httpx2.Request("GET", str(kuflow.endpoint), extensions={"timeout": timeout.as_dict()})
    transport = AiohttpTransport(ssl_context=context)
    try:
        response = await transport.handle_async_request(request)
        date = response.headers.get("date")
        await response.aclose()
    finally:
        await transport.aclose()
    return date

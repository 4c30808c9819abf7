"""Why something failed, in one line."""

import re

from kurun_clients.http.errors import request_id_of


def engine_reason(error: BaseException) -> str:
    """What Temporal's core says went wrong, without the Rust structures around it."""
    said = line(error)
    reasons = re.findall(r'(?:message|error): "([^"]+)"|(InvalidCertificate\([^)]*\))', said)
    reasons = [quoted or certificate for quoted, certificate in reasons]
    if "BrokenPipe" in said or "FRAME_SIZE" in said or "InvalidContentType" in said:
        reasons.append("does the engine speak TLS? see KURUN_ENGINE_CREDENTIALS")
    return "; ".join(dict.fromkeys(reasons)) or said


def line(error: BaseException) -> str:
    """An error's text in one line; its type where it has none."""
    return " ".join(str(error).split()) or type(error).__name__


def request_field(error: BaseException | None) -> dict[str, str]:
    """The log field that names the request which an error is about, if it is about one."""
    found = request_id_of(error)
    return {} if found is None else {"request_id": found}

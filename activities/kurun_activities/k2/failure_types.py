"""The failure types that K2 activities report to workflows; safe to import in a workflow.

A wrong request is, as in every activity, ``KuFlowActivities.ValidationFailure``.
"""

from typing import Final

GONE_OR_FORBIDDEN: Final = "K2.GoneOrForbidden"
"""The task, event or instance is not there for this account: done by others, withdrawn, or never permitted. Ends."""

REFUSED: Final = "K2.Refused"
"""K2 says that the request is wrong; repeating it cannot help. Ends."""

NOT_EXECUTED: Final = "K2.NotExecuted"
"""K2 answered with a success status and did not do it. Ends."""

UNKNOWN_OUTCOME: Final = "K2.UnknownOutcome"
"""An attempt may have taken effect, and looking could not tell. Ends; the detail is what was seen, and the workflow
decides."""

INTERRUPTED: Final = "K2.Interrupted"
"""An attempt may have taken effect. It is tried again, and the next attempt looks before it acts."""

TEMPORARY: Final = "K2.Temporary"
"""K2 did not act: not reached, too busy, asks to come later, or a wrong address. It is tried again."""

AUTHENTICATION_REFUSED: Final = "K2.AuthenticationRefused"
"""K2 refused the worker's credentials. It is tried again: the work waits for good ones."""

LOGIN_REQUIRED: Final = "K2.LoginRequired"
"""Only a person can mend it, with ``kurun k2 login``. It is tried again: the work waits for that."""

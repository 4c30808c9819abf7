"""The words that KuFlow's paths are made of."""

from typing import Final

from kurun_clients.http.observing import Service, operations

_WORDS: Final = """
    authentications workers principals tenants tenant-users groups robots kms keys documents
    processes process-items business-artifacts task data context-data metadata entity actions
    ~actions ai-assistance append-log assign cancel cancel-process-items change-initiator claim complete
    download download-asset download-document download-source-code download-webforms-as-document
    prepare-create-artifact prepare-start-process restore
    upload upload-document upload-user-action-document
"""

KUFLOW: Final = Service("kuflow", operations(_WORDS.split()))
"""KuFlow's API as observers see it."""

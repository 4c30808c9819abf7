"""Documents and files, which are read while they come."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from kurun_clients.kuflow import DocumentDownload, KuFlowClient, KuFlowFile
from kurun_clients.kuflow.models import RobotAssetArchitecture, RobotAssetPlatform, RobotAssetType
from tests.kuflow_calls.samples import ONE

Download = Callable[[KuFlowClient], AbstractAsyncContextManager[DocumentDownload]]

# the call, and the target of its GET
DOWNLOADS: dict[str, tuple[Download, str]] = {
    "of a process": (
        lambda k: k.processes.download_document(ONE, "ku:process/1/document/2"),
        f"/processes/{ONE}/~actions/download-document?documentUri=ku%3Aprocess%2F1%2Fdocument%2F2",
    ),
    "of an artifact": (
        lambda k: k.business_artifacts.download_document(ONE, "ku:1"),
        f"/business-artifacts/{ONE}/~actions/download-document?documentUri=ku%3A1",
    ),
    "by uri": (lambda k: k.documents.download("ku:1"), "/documents/~actions/download?documentUri=ku%3A1"),
    "by reference": (
        lambda k: k.documents.download(KuFlowFile("ku:1", "a/b", 1, "n")),
        "/documents/~actions/download?documentUri=ku%3A1",
    ),
    "by a reference's text": (
        lambda k: k.documents.download("kuflow-file:uri=ku:1;type=a/b;size=1;name=n;"),
        ("/documents/~actions/download?documentUri=kuflow-file%3Auri%3Dku%3A1%3Btype%3Da%2Fb%3Bsize%3D1%3Bname%3Dn%3B"),
    ),
    "of web forms": (
        lambda k: k.process_items.download_webforms_as_document(ONE, "/form/0"),
        f"/process-items/{ONE}/task/data/~actions/download-webforms-as-document?propertyPath=%2Fform%2F0",
    ),
    "of a robot's program": (
        lambda k: k.robots.download_source_code(ONE),
        f"/robots/{ONE}/~actions/download-source-code",
    ),
    "of a robot's tool": (
        lambda k: k.robots.download_asset(
            ONE,
            type=RobotAssetType.PYTHON,
            version="3.11.4",
            platform=RobotAssetPlatform.LINUX,
            architecture=RobotAssetArchitecture.X86_64,
        ),
        f"/robots/{ONE}/~actions/download-asset?type=PYTHON&version=3.11.4&platform=LINUX&architecture=X86_64",
    ),
}

"""Files as answers."""

from pathlib import Path

from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send


class FileDownload(FileResponse):
    """A file, read in pieces large enough to be worth the hop to another thread.

    KuFlow documents neither parts of files nor conditions, so that neither is answered but with the whole file.
    """

    chunk_size = 1024**2

    def __init__(self, path: Path, name: str, *, sha256: str | None = None) -> None:
        """Make an answer; with the digest of its content it has an ``ETag`` that depends on nothing else."""
        headers = None if sha256 is None else {"ETag": f'"{sha256}"'}
        super().__init__(path, headers=headers, media_type="application/octet-stream", filename=name)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file."""
        headers = [(name, value) for name, value in scope["headers"] if name not in (b"range", b"if-range")]
        await super().__call__({**scope, "headers": headers}, receive, send)

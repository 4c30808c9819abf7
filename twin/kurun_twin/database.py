"""SQLite, reached from one thread, one transaction at a time."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from kurun_config import ConfigurationError

SCHEMA_VERSION = 4

_SCHEMAS = ("schema.sql", "k2/schema.sql")

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class Database:
    """The twin's state in one file.

    The logic of the twin is plain functions that take a connection; this runs each in a transaction of its own, in the
    one thread that may use the connection, in the order in which they were asked for. Write-ahead logging with
    ``synchronous=NORMAL``: a killed process loses nothing, a power failure at most the last moments.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, or make it with the present schema.

        Raises:
            ConfigurationError: The file cannot be used, or another version of the twin wrote it.
        """
        self._lock = threading.Lock()
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="kurun-twin-database")
        try:
            self._connection = _open(path)
        except (sqlite3.Error, OSError) as error:
            raise ConfigurationError(f"{path}: cannot be used as the twin's database: {error}") from None

    def call(
        self,
        function: Callable[Concatenate[sqlite3.Connection, Parameters], Result],
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Result:
        """Run ``function(connection, …)`` in a transaction; an exception undoes what it wrote and is passed on."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                result = function(self._connection, *args, **kwargs)
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            return result

    async def run(
        self,
        function: Callable[Concatenate[sqlite3.Connection, Parameters], Result],
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Result:
        """Like :meth:`call`, off the event loop. A caller cancelled meanwhile does not undo the transaction."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, lambda: self.call(function, *args, **kwargs))

    def close(self) -> None:
        """Finish what was asked for and close the file."""
        self._executor.shutdown(wait=True)
        with self._lock:
            self._connection.close()


def _open(path: Path) -> sqlite3.Connection:
    path.touch(mode=0o600)  # SQLite gives the files beside it the same mode
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    connection.row_factory = sqlite3.Row
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA busy_timeout=5000")
        _ensure_schema(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _ensure_schema(connection: sqlite3.Connection) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == 0:
        package = resources.files("kurun_twin")
        schema = "".join(package.joinpath(each).read_text(encoding="utf-8") for each in _SCHEMAS)
        connection.executescript(f"BEGIN IMMEDIATE; {schema} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
    elif version != SCHEMA_VERSION:
        raise sqlite3.DatabaseError(f"it has schema version {version}, this twin needs {SCHEMA_VERSION}")

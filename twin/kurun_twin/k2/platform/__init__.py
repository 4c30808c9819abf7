"""K2's accounts, workflow instances, tasks and server events, and the rules by which they change, without HTTP.

The objects are synchronous and take the connection of a transaction: ``await k2.database.run(k2.tasks.act, user,
"12_34", "Approve")``.
"""

from collections.abc import Callable

from kurun_twin.clock import microseconds
from kurun_twin.database import Database
from kurun_twin.definitions.k2_models import K2Definitions
from kurun_twin.figures import Figures
from kurun_twin.k2.platform.credentials import ensure_credentials
from kurun_twin.k2.platform.engine import Engine
from kurun_twin.k2.platform.instances import Instances
from kurun_twin.k2.platform.reading import Reader
from kurun_twin.k2.platform.records import (
    Changes,
    EventRecord,
    InstanceRecord,
    InstanceStatus,
    InstanceUpdate,
    StartInput,
    TaskRecord,
    TaskState,
    XmlField,
)
from kurun_twin.k2.platform.refusals import K2Refusal, RefusalKind
from kurun_twin.k2.platform.server_events import ServerEvents
from kurun_twin.k2.platform.tasks import LISTED, Tasks
from kurun_twin.k2.platform.tokens import Tokens
from kurun_twin.k2.platform.users import K2User, Users
from kurun_twin.options import TwinOptions

__all__ = [
    "K2Platform",
    "K2Refusal",
    "RefusalKind",
    "K2User",
    "Users",
    "Changes",
    "XmlField",
    "StartInput",
    "InstanceUpdate",
    "InstanceRecord",
    "InstanceStatus",
    "TaskRecord",
    "TaskState",
    "LISTED",
    "EventRecord",
]


class K2Platform:
    """All of K2, over the twin's database.

    Attributes:
        options: What the twin was told at its start.
        definitions: What the definitions file says of K2.
        database: Runs the objects' methods in transactions.
        figures: What has been counted.
        clock: Tells the time in microseconds since 1970 UTC.
        credentials: The OAuth client's id and secret, and the passwords that were made.
        users: Accounts.
        instances: Rules of workflow instances.
        tasks: Rules of tasks.
        server_events: Rules of server events.
        tokens: Codes and tokens of the OAuth server.
    """

    def __init__(
        self,
        options: TwinOptions,
        definitions: K2Definitions,
        database: Database,
        figures: Figures,
        *,
        clock: Callable[[], int] = microseconds,
    ) -> None:
        """Open K2 in ``options.data_dir``, which must exist.

        Raises:
            ConfigurationError: The data folder's content cannot be used.
        """
        self.options = options
        self.definitions = definitions
        self.database = database
        self.figures = figures
        self.clock = clock
        self.credentials = ensure_credentials(options.data_dir / "k2-credentials.json", definitions.users)
        self.users = Users(definitions, self.credentials.passwords)
        self._reader = Reader(definitions, self.users)
        engine = Engine(definitions, clock)
        self.instances = Instances(engine, self._reader, options)
        self.tasks = Tasks(self.users, engine, self._reader, options)
        self.server_events = ServerEvents(self.users, engine, self._reader)
        self.tokens = Tokens(self.users, options, clock)

    @property
    def address(self) -> str:
        """The twin's address without a path; addresses in records begin with it."""
        return self._reader.address

    @address.setter
    def address(self, address: str) -> None:
        self._reader.address = address

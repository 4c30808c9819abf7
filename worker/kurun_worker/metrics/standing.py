"""What is read off the worker at each scrape: credentials, registrations, slots, the bridge to K2."""

from collections.abc import Callable, Iterator, Mapping
from time import monotonic

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from kurun_worker.credentials import KeeperState
from kurun_worker.metrics import families
from kurun_worker.metrics.backlog import Backlog
from kurun_worker.metrics.families import Family
from kurun_worker.plugin import KuFlowPlugin
from kurun_worker.supervisor import Supervisor


class Standing(Collector):
    """Reads the worker's own state; a scrape may come from another thread, so nothing is changed here.

    Attributes:
        plugin: The worker's plugin, once there is one.
        supervisor: Its supervisor.
        ready: Whether the worker is ready.
        conditions: Which conditions of that hold.
        paused: Whether it is paused.
        draining: Whether it was told to stop.
        backlog: What waits on the task queue.
    """

    def __init__(self) -> None:
        self.plugin: KuFlowPlugin | None = None
        self.supervisor: Supervisor | None = None
        self.ready: Callable[[], bool] | None = None
        self.conditions: Callable[[], Mapping[str, bool]] = dict
        self.paused: Callable[[], bool] | None = None
        self.draining: Callable[[], bool] | None = None
        self.backlog: Backlog | None = None

    def collect(self) -> Iterator[Metric]:
        """See base class."""
        if self.plugin is not None:
            yield from _credentials(self.plugin)
            yield from _registrations(self.plugin)
            yield from _watching(self.plugin)
        if self.supervisor is not None:
            yield _filled(families.RECOVERIES, ((), self.supervisor.recoveries))
            yield from _slots(self.supervisor)
            yield from _backlog(self.supervisor, self.backlog)
        if self.ready is not None:
            yield _filled(families.READY, ((), self.ready()))
            yield _filled(families.CONDITION, *(((name,), ok) for name, ok in self.conditions().items()))
        if self.paused is not None:
            yield _filled(families.PAUSED, ((), self.paused()))
        if self.draining is not None:
            yield _filled(families.DRAINING, ((), self.draining()))

    def describe(self) -> Iterator[Metric]:
        """See base class; nothing is there before the worker is."""
        yield from ()


def _credentials(plugin: KuFlowPlugin) -> Iterator[Metric]:
    if (engine := plugin.engine) is None:
        return
    states: dict[str, KeeperState] = {}
    for name, keeper, gauge in (
        ("engine_token", engine.token, families.TOKEN_EXPIRES_IN),
        ("engine_certificate", engine.certificate, families.CERTIFICATE_EXPIRES_IN),
    ):
        state = keeper.state
        if state.expires_at is not None:
            yield _filled(gauge, ((), state.remaining))
        states[name] = state
    yield _filled(families.CREDENTIAL_RENEWALS, *(((name,), each.renewals) for name, each in states.items()))
    yield _filled(families.CREDENTIAL_FAILURES, *(((name,), each.failures) for name, each in states.items()))


def _registrations(plugin: KuFlowPlugin) -> Iterator[Metric]:
    states = {queue: each.state for queue, each in list(plugin.registrars.items())}
    yield _filled(
        families.REGISTRATION_AGE, *(((queue,), each.age) for queue, each in states.items() if each.age is not None)
    )
    yield _filled(
        families.REGISTRATION_WINDOW,
        *(((queue,), each.window) for queue, each in states.items() if each.window is not None),
    )
    yield _filled(families.REGISTRATIONS, *(((queue,), each.registrations) for queue, each in states.items()))
    yield _filled(families.REGISTRATION_FAILURES, *(((queue,), each.failures) for queue, each in states.items()))


def _slots(supervisor: Supervisor) -> Iterator[Metric]:
    serving = supervisor.serving
    if serving is not None and (slots := serving.slots) is not None:
        yield _filled(families.ACTIVITY_SLOTS, ((), slots.number))
        yield _filled(families.ACTIVITY_SLOTS_USED, ((), slots.busy))


def _backlog(supervisor: Supervisor, backlog: Backlog | None) -> Iterator[Metric]:
    if backlog is not None and (serving := supervisor.serving) is not None:
        queue = serving.worker.task_queue
        yield _filled(families.BACKLOG, *(((queue, kind), number) for kind, number in backlog.tasks.items()))


def _watching(plugin: KuFlowPlugin) -> Iterator[Metric]:
    if plugin.k2 is None or not plugin.k2.clients.settings.watch:
        return
    account, watching = (plugin.k2.clients.settings.account,), plugin.k2.clients.watching
    if (since := watching.since) is not None:
        now = monotonic()
        yield _filled(families.K2_LIST_AGE, (account, now - (watching.listed_at or since)))
        yield _filled(families.K2_TURN_AGE, (account, now - (watching.done_at or since)))
        yield _filled(families.K2_TASKS, (account, watching.tasks))
    yield _filled(families.K2_MIRRORED, (account, watching.mirrored))
    yield _filled(families.K2_SIGNALLED, (account, watching.signalled))


def _filled(family: Family, *values: tuple[tuple[str, ...], float]) -> GaugeMetricFamily | CounterMetricFamily:
    filled = family.read()
    for labels, value in values:
        filled.add_metric(labels, value)
    return filled

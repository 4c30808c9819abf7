"""Every metric of ours: name, type, labels and meaning. Documents, dashboards and alerts are held to it."""

from dataclasses import dataclass
from typing import Final, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True)
class Family:
    """One metric.

    Attributes:
        name: As Prometheus stores it; a histogram has ``_bucket``, ``_sum`` and ``_count`` behind it.
        kind: What it is.
        help: What it tells.
        labels: By what it is told apart; each has few values.
        buckets: Upper ends of a histogram's buckets.
    """

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()

    @property
    def samples(self) -> tuple[str, ...]:
        """The names that it has in queries."""
        ends = ("_bucket", "_sum", "_count") if self.kind == "histogram" else ("",)
        return tuple(self.name + end for end in ends)

    def gauge(self, registry: CollectorRegistry) -> Gauge:
        """Itself, to be set."""
        return Gauge(self.name, self.help, self.labels, registry=registry)

    def counter(self, registry: CollectorRegistry) -> Counter:
        """Itself, to be counted up."""
        return Counter(self.name, self.help, self.labels, registry=registry)

    def histogram(self, registry: CollectorRegistry) -> Histogram:
        """Itself, to be told values."""
        return Histogram(self.name, self.help, self.labels, registry=registry, buckets=self.buckets)

    def read(self) -> GaugeMetricFamily | CounterMetricFamily:
        """Itself, to be filled anew at each scrape."""
        kind = CounterMetricFamily if self.kind == "counter" else GaugeMetricFamily
        return kind(self.name, self.help, labels=self.labels)


TOKEN_EXPIRES_IN: Final = Family(
    "kurun_engine_token_expires_in_seconds", "gauge", "Seconds for which the engine token is still valid."
)
CERTIFICATE_EXPIRES_IN: Final = Family(
    "kurun_engine_certificate_expires_in_seconds", "gauge", "Seconds for which the engine certificate is still valid."
)
BACKLOG: Final = Family(
    "kurun_task_queue_backlog",
    "gauge",
    "Tasks that wait for a worker, as the engine counts them, for the whole queue: each of its workers tells the same.",
    ("task_queue", "kind"),
)
CREDENTIAL_RENEWALS: Final = Family(
    "kurun_credential_renewals_total", "counter", "Engine credentials obtained, the first included.", ("credential",)
)
CREDENTIAL_FAILURES: Final = Family(
    "kurun_credential_renewal_failures_total", "counter", "Renewals of engine credentials that failed.", ("credential",)
)
REGISTRATION_AGE: Final = Family(
    "kurun_registration_age_seconds", "gauge", "Seconds since the worker last registered with KuFlow.", ("task_queue",)
)
REGISTRATION_WINDOW: Final = Family(
    "kurun_registration_window_seconds",
    "gauge",
    "Seconds after a registration in which KuFlow expects the next one.",
    ("task_queue",),
)
REGISTRATIONS: Final = Family(
    "kurun_registrations_total", "counter", "Registrations of the worker with KuFlow.", ("task_queue",)
)
REGISTRATION_FAILURES: Final = Family(
    "kurun_registration_failures_total", "counter", "Registrations that failed.", ("task_queue",)
)
RECOVERIES: Final = Family(
    "kurun_supervisor_recoveries_total", "counter", "Times that the worker was lost and connected again."
)
ACTIVITY_SLOTS: Final = Family(
    "kurun_activity_slots", "gauge", "Activities that the worker runs at the same time at most."
)
ACTIVITY_SLOTS_USED: Final = Family("kurun_activity_slots_used", "gauge", "Slots of activities that run now.")
HTTP_DURATION: Final = Family(
    "kurun_http_request_duration_seconds",
    "histogram",
    "Attempts of requests to KuFlow and K2, to the end of their answer. The status is that of HTTP, or why there is "
    "none: ConnectError, ConnectionLost, RequestTimeout, InvalidResponse, InvalidRequest, CancelledError, other.",
    ("service", "operation", "method", "status"),
    (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0),
)
HTTP_RETRIES: Final = Family(
    "kurun_http_request_retries_total", "counter", "Attempts after the first of a request.", ("service", "operation")
)
HTTP_ERRORS: Final = Family(
    "kurun_http_request_errors_total",
    "counter",
    "Attempts that did not succeed, by the class of the error; 304 and 404 that a caller expects are none.",
    ("service", "operation", "error"),
)
HTTP_IN_PROGRESS: Final = Family(
    "kurun_http_requests_in_progress", "gauge", "Attempts of requests that are under way.", ("service",)
)
DOCUMENT_BYTES: Final = Family(
    "kurun_document_bytes_total", "counter", "Bytes of documents to and from KuFlow.", ("direction",)
)
ROBOT_RUNS: Final = Family("kurun_robot_runs_total", "counter", "Runs of robots by how they ended.", ("outcome",))
ROBOT_DURATION: Final = Family(
    "kurun_robot_run_duration_seconds",
    "histogram",
    "Runs of robots, the making of their environment included.",
    ("outcome",),
    (1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 14400.0),
)
K2_LIST_AGE: Final = Family(
    "kurun_k2_watch_list_age_seconds",
    "gauge",
    "Seconds since K2 last gave the list of the account's tasks; only where the watcher runs.",
    ("account",),
)
K2_TURN_AGE: Final = Family(
    "kurun_k2_watch_turn_age_seconds",
    "gauge",
    "Seconds since all that a list called for was last done: the lag of the bridge; only where the watcher runs.",
    ("account",),
)
K2_TASKS: Final = Family(
    "kurun_k2_watch_tasks", "gauge", "Tasks in K2's last list; only where the watcher runs.", ("account",)
)
K2_MIRRORED: Final = Family(
    "kurun_k2_tasks_mirrored_total", "counter", "Mirrors of K2's tasks that were started or found.", ("account",)
)
K2_SIGNALLED: Final = Family(
    "kurun_k2_signals_total", "counter", "Workflows that were told of a change of K2's tasks.", ("account",)
)
READY: Final = Family("kurun_ready", "gauge", "1 if the worker is ready, as /readyz says, else 0.")
CONDITION: Final = Family(
    "kurun_condition_ok", "gauge", "1 for each condition of readiness that holds, else 0.", ("condition",)
)
PAUSED: Final = Family("kurun_paused", "gauge", "1 while the worker is paused, else 0.")
DRAINING: Final = Family("kurun_draining", "gauge", "1 from the signal to stop until the end, else 0.")
LOOP_LAG: Final = Family(
    "kurun_event_loop_lag_seconds", "gauge", "Longest delay of the event loop in the last 15 to 30 s."
)
BUILD_INFO: Final = Family(
    "kurun_build_info", "gauge", "Always 1; what runs here.", ("version", "temporalio", "python")
)

_PROCESS: Final = (
    Family("process_virtual_memory_bytes", "gauge", "Virtual memory size in bytes."),
    Family("process_resident_memory_bytes", "gauge", "Resident memory size in bytes."),
    Family("process_start_time_seconds", "gauge", "Start time of the process since unix epoch in seconds."),
    Family("process_cpu_seconds_total", "counter", "Total user and system CPU time spent in seconds."),
    Family("process_open_fds", "gauge", "Number of open file descriptors."),
    Family("process_max_fds", "gauge", "Maximum number of open file descriptors."),
)
"""What Prometheus's own collector tells of the process, on Linux."""


def catalogue() -> tuple[Family, ...]:
    """Every metric that a worker itself exposes, in the order of this module; the engine's are not among them."""
    return (*(each for each in globals().values() if isinstance(each, Family)), *_PROCESS)

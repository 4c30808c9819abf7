"""Settings of traces. OpenTelemetry's own variables say where traces go."""

from kurun_config.model import Section


class TracingSettings(Section):
    """One trace of each process: its workflow, its activities, and their requests. Needs the extra `otel`."""

    enabled: bool = False
    """Trace. OpenTelemetry's variables say where traces go (`OTEL_EXPORTER_OTLP_ENDPOINT`), and how many."""
    send_headers: bool = False
    """Send `traceparent` to KuFlow and K2 too, so that they can go on with the trace."""

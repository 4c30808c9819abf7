"""The figures that the suite prints at the end."""

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests recorded as ``contract``; their reports come from other processes too."""
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
    lines = [value for report in reports for name, value in report.user_properties if name == "contract"]
    if lines:
        terminalreporter.section("contract")
        for line in lines:
            terminalreporter.write_line(str(line))

"""Where everything is installed, a test that skips hides something: with ``CI=true`` it fails the run."""

from __future__ import annotations

import os

import pytest


def forbidden_skips(terminal: pytest.TerminalReporter) -> list[pytest.TestReport | pytest.CollectReport]:
    """Return the reports of tests that were skipped although nothing may be."""
    if os.environ.get("CI", "").lower() not in ("1", "true"):
        return []
    return list(terminal.stats.get("skipped", []))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Turn a run that would have passed into a failed one."""
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminal and forbidden_skips(terminal) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say why."""
    for report in forbidden_skips(terminalreporter):
        terminalreporter.write_line(f"CI: {report.nodeid} was skipped, and nothing may be skipped here", red=True)

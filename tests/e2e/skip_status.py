"""The exit status by which CTest knows a file that lacked something: none of its tests failed, and one was skipped."""
SKIPPED = 77  # SKIP_RETURN_CODE in cmake/CrossvalE2E.cmake


def pytest_sessionfinish(session, exitstatus):
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus in (0, 5) and reporter.stats.get("skipped"):  # 5: a file that skips itself has no tests
        session.exitstatus = SKIPPED

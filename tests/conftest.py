"""What all tests share."""

from pathlib import Path

import pytest

from pgworkflows.definitions.registry import isolated

pytest_plugins = ["pgworkflows.pytest_plugin", "tests.superuser", "tests.workers"]


# What another version or packaging of the server may change.
ON_THE_SERVER = {"store", "execution", "worker", "crash", "operations", "explain"}


def pytest_collection_modifyitems(items):
    """Mark the tests that are worth running on every server: `-m server`."""
    for item in items:
        if Path(item.path).parent.name in ON_THE_SERVER:
            item.add_marker(pytest.mark.server)


@pytest.fixture(autouse=True)
def forget_definitions():
    """Let a test declare workflows of its own."""
    with isolated():
        yield

"""What all tests share."""

import pytest

from pgworkflows.definitions.registry import isolated

pytest_plugins = ["pgworkflows.pytest_plugin", "tests.superuser", "tests.workers"]


@pytest.fixture(autouse=True)
def forget_definitions():
    """Let a test declare workflows of its own."""
    with isolated():
        yield

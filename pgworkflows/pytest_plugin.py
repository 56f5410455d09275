"""The pytest plugin: fixture `pgworkflows`."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import pytest


@pytest.fixture
def pgworkflows(db: None) -> Iterator[ModuleType]:
    """Give `run_workflows`, `move_clock` and `crash_at`; put the clock right at the end."""
    from pgworkflows import testing

    yield testing
    testing.restore_clock()

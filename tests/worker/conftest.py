"""A worker in the test's own process, stepped by the test."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pgworkflows.definitions.workflow import WorkflowFunction
from pgworkflows.worker.options import WorkerOptions
from pgworkflows.worker.process import Worker


class SteppedWorker(Worker):
    """A worker whose loop is the test's."""

    def know(self, definition: WorkflowFunction[..., Any]) -> None:
        """Let it claim a workflow that the test has declared."""
        self.engine.known.names.append(definition.name)
        self.engine.known.versions.append(definition.version)
        self.engine.known.fingerprints.append(definition.fingerprint)


@pytest.fixture
def worker(transactional_db: None) -> Iterator[SteppedWorker]:
    """Give a worker that has begun."""
    made = SteppedWorker(WorkerOptions(name="test:stepped"))
    made._begin()
    yield made
    made._end()


@pytest.fixture
def run_until(worker: SteppedWorker) -> Callable[..., None]:
    """Give a function that steps the worker until a condition is true, for 20 seconds at most, or as many as are given."""

    def run(condition: Callable[[], bool], *, seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it did not come to that"
            if not worker.step():
                worker.wake.wait(0.2)
                worker.wake.clear()

    return run

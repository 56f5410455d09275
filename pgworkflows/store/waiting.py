"""Waiting, from outside any workflow, for one to end or to answer."""

from __future__ import annotations

import time
import uuid
from datetime import timedelta
from typing import Any

from ..definitions.scope import current_scope
from ..exceptions import WaitTimeout, WorkflowFailed, WorkflowNotFound, WouldNeverReturn
from ..values.durations import seconds
from ..values.encoding import load
from ..values.people import Person
from . import answers, requests
from .answers import LONGEST, SHORTEST
from .connection import database, query
from .live_workers import LiveWorkers

LOOK = """
SELECT w.name, w.version, w.queue, w.status, w.finished_at IS NOT NULL, w.result::text, w.error ->> 'message'
FROM pgworkflows_workflow w WHERE w.id = %(workflow)s
"""

WRITTEN_HERE = "SELECT pgworkflows.written_here(xmin) FROM pgworkflows_workflow WHERE id = %(workflow)s"


def wait_for_result(workflow: uuid.UUID, timeout: timedelta | float) -> Any:
    """Look again and again, ever more slowly, until the workflow has ended; return its result."""
    if current_scope.get() is not None:
        raise WouldNeverReturn(str(workflow), "inside a workflow")
    end = time.monotonic() + seconds(timeout, what="wait(timeout=)")
    pause = SHORTEST
    while True:
        rows = query(LOOK, {"workflow": workflow})
        if not rows:
            raise WorkflowNotFound(str(workflow))
        name, version, queue, status, finished, result, error = rows[0]
        if status == "COMPLETED":
            return load(result)
        if finished or status == "BLOCKED":
            raise WorkflowFailed(name, str(workflow), status, error or "")
        if database().in_atomic_block and query(WRITTEN_HERE, {"workflow": workflow})[0][0]:
            raise WouldNeverReturn(str(workflow), "inside the transaction that started it")
        if time.monotonic() >= end:
            lack = LiveWorkers.now().lack(name, version, queue)
            raise WaitTimeout(f"workflow {name} {workflow} is still {status}" + (f", and {lack}" if lack else ""))
        time.sleep(min(pause, max(0.0, end - time.monotonic())))
        pause = min(pause * 1.5, LONGEST)


def ask(workflow: uuid.UUID, name: str, payload: Any, *, timeout: timedelta | float, by: Person | None) -> Any:
    """Leave a request, and look ever more slowly until it is answered; return the answer."""
    limit = seconds(timeout, what="ask(timeout=)")
    if current_scope.get() is not None:
        raise WouldNeverReturn(str(workflow), "inside a workflow", "ask()")
    if database().in_atomic_block:
        raise WouldNeverReturn(str(workflow), "inside a transaction", "ask()")
    return answers.wait_for_answer(workflow, name, requests.post(workflow, name, payload, by=by), limit)

"""Waiting for the answer to a request."""

from __future__ import annotations

import time
import uuid
from typing import Any

from ..exceptions import RequestRefused, WaitTimeout, WorkflowNotFound
from ..values.encoding import load
from .connection import query
from .live_workers import LiveWorkers

#: The first and the longest pause between two looks, in seconds.
SHORTEST, LONGEST = 0.005, 0.2

LOOK = """
SELECT r.answered_at IS NOT NULL, r.answer::text, r.refusal, r.task_id IS NOT NULL, w.name, w.version, w.queue, w.status
FROM pgworkflows_request r JOIN pgworkflows_workflow w ON w.id = r.workflow_id WHERE r.id = %(request)s
"""


def wait_for_answer(workflow: uuid.UUID, name: str, request: int, limit: float) -> Any:
    """Return the answer to a request once there is one; raise RequestRefused, or WaitTimeout after so many seconds."""
    end, pause = time.monotonic() + limit, SHORTEST
    while True:
        rows = query(LOOK, {"request": request})
        if not rows:
            raise WorkflowNotFound(str(workflow))
        answered, answer, refusal, taken, *of = rows[0]
        if refusal is not None:
            raise RequestRefused(name, str(workflow), refusal)
        if answered:
            return load(answer)
        if time.monotonic() >= end:
            raise WaitTimeout(_why_not(workflow, name, taken, *of))
        time.sleep(min(pause, max(0.0, end - time.monotonic())))
        pause = min(pause * 1.5, LONGEST)


def _why_not(workflow: uuid.UUID, name: str, taken: bool, of: str, version: int, queue: str, status: str) -> str:
    lack = LiveWorkers.now().lack(of, version, queue)
    stands = "took it and has not answered yet" if taken else f"is {status} and has not asked for it with wait_for_request() yet"
    return f"request {name!r}: workflow {of} {workflow} {stands}" + (f", and {lack}" if lack else "")

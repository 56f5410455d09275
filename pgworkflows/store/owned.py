"""Taking again the workflows for whose calls in flight this worker answers."""

from __future__ import annotations

import uuid

from .claims import CLAIMED, Claim, Execute, claimed
from .connection import query

CLAIM_MINE = f"""
SELECT {CLAIMED}
FROM pgworkflows_workflow w
WHERE w.id = %(id)s AND w.owner_id = %(owner)s
FOR NO KEY UPDATE SKIP LOCKED
"""

CLAIM_WOKEN = f"""
SELECT {CLAIMED}
FROM pgworkflows_workflow w
WHERE w.owner_id = %(owner)s AND w.wake_at <= pgworkflows.now()
ORDER BY w.id
FOR NO KEY UPDATE SKIP LOCKED
"""


def claim_mine(execute: Execute, workflow: uuid.UUID, owner: int) -> Claim:
    """Lock a workflow for whose calls this worker answers."""
    return claimed(execute(CLAIM_MINE, {"id": workflow, "owner": owner}))


def claim_woken(execute: Execute, owner: int) -> Claim:
    """Lock the workflows for whose calls this worker answers, and that something else has woken."""
    return claimed(execute(CLAIM_WOKEN, {"owner": owner}))


SECONDS_TO_WOKEN = """
SELECT extract(epoch FROM min(wake_at) - pgworkflows.now())::float FROM pgworkflows_workflow WHERE owner_id = %(owner)s
"""


def seconds_to_woken(owner: int) -> float | None:
    """Return in how many seconds the next workflow is due of those for whose calls this worker answers; None for none."""
    value = query(SECONDS_TO_WOKEN, {"owner": owner})[0][0]
    return None if value is None else float(value)

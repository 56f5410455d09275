"""Reading what is recorded of claimed workflows, for their bodies to be replayed."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import fields

from ..values.position import Position
from .connection import Row
from .records import RecordedTask

Execute = Callable[..., list[Row]]

#: What is kept of a task under another name, or read as text.
_KEPT_AS = {
    "any_of": "any_of::text", "child": "child_id", "compensates": "compensates_id", "payload": "payload::text",
    "result": "result::text", "error": "error::text",
}  # fmt: skip
#: What is read of a task beside its position: the record's own fields, in their order.
RECORDED = [_KEPT_AS.get(field.name, field.name) for field in fields(RecordedTask)[1:-1]]

#: What will be asked for nothing but its result. Most tasks of a long workflow are such.
ANSWER = "(status = 'COMPLETED' AND kind IN ('STEP', 'EVENT', 'STATE', 'VALUE') AND payload IS NULL AND any_of IS NULL)"

# Separate statements after the claim, never joined to it: under READ COMMITTED the lock follows the newest version of
# a row, but a join in the same statement sees an older snapshot and would miss what was just recorded.
TASKS = f"""
SELECT workflow_id, branch, seq, {", ".join(RECORDED)}
FROM pgworkflows_task
WHERE workflow_id = ANY (%(ids)s::uuid[]) AND NOT {ANSWER}
ORDER BY workflow_id, branch, seq
"""

# By the hundred: each row and each column costs the driver more than what is in it, and no row may grow without bounds.
ANSWERS = f"""
SELECT workflow_id, branch, array_agg(seq), array_agg(kind), array_agg(name), array_agg(result::text)
FROM pgworkflows_task
WHERE workflow_id = ANY (%(ids)s::uuid[]) AND {ANSWER}
GROUP BY workflow_id, branch, seq / 100
"""

#: What is recorded, by workflow and position.
Recorded = dict[uuid.UUID, dict[Position, RecordedTask]]


def load_tasks(execute: Execute, ids: list[uuid.UUID]) -> Recorded:
    """Read all that is recorded of the claimed workflows but plain answers, in order."""
    found: Recorded = {}
    for workflow, branch, seq, *values in execute(TASKS, {"ids": ids}):
        position = Position(branch, seq)
        task = found.setdefault(workflow, {})[position] = RecordedTask(position, *values)
        task.stored = True
    return found


def load_answers(execute: Execute, ids: list[uuid.UUID]) -> Recorded:
    """Read the plain answers of the claimed workflows; nothing else is read of these tasks, so nothing may be written."""
    found: Recorded = {}
    for workflow, branch, *listed in execute(ANSWERS, {"ids": ids}):
        tasks = found.setdefault(workflow, {})
        for seq, kind, name, result in zip(*listed, strict=True):
            position = Position(branch, seq)
            task = tasks[position] = RecordedTask(position, kind, name, "COMPLETED", result)
            task.stored = True
    return found

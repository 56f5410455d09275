"""Removing whole workflows that ended long ago, a bounded batch to a transaction."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.db.models import CASCADE, SET_NULL, Model
from django.db.models.deletion import get_candidate_relations_to_delete

from ...models import Workflow
from ..connection import Row, query
from .archive import Archive
from .guards import amending, leave_word

BEGINNING = uuid.UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one transaction removed, and behind which id the next one begins; None behind the last."""

    workflows: int
    history: int
    last: uuid.UUID | None


def first_id_of(moment: datetime) -> uuid.UUID:
    """Return the lowest id that a workflow begun then could have: ids begin with the time, in milliseconds."""
    return uuid.UUID(int=int(moment.timestamp() * 1000) << 80)


OLD = "id > %(after)s AND id < %(until)s AND finished_at < %(before)s"

# In the order of the primary key, which is that of beginning: no index on finished_at is needed, and parents come first.
# What somebody holds just now, to retry it for one, is left for another time.
LOCK_OLD = f"SELECT id FROM pgworkflows_workflow WHERE {OLD} ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED"

# A statement of its own, under the locks. A child that ended later, or has not ended, keeps its parent.
FAMILIES = """
SELECT w.id, w.parent_id FROM pgworkflows_workflow w
WHERE w.id = ANY (%(ids)s::uuid[]) AND NOT EXISTS (
  SELECT FROM pgworkflows_workflow c WHERE c.parent_id = w.id AND (c.finished_at IS NULL OR c.finished_at >= %(before)s))
ORDER BY w.id
"""


def prune_batch(before: datetime, *, after: uuid.UUID = BEGINNING, most: int, archive: Archive | None = None) -> Batch:
    """Remove up to `most` workflows that ended before a time, of those behind an id; raise NotAllowed unless the owner.

    Never removes what is unfinished, nor a child whose parent stays and may ask for its result. History is kept, or with
    an archive written there first and then removed; one history row tells of the batch.
    """
    with amending("Pruning"):
        # Whatever the statistics say, also for the checks at the commit.
        query("SET LOCAL enable_seqscan = off; SET LOCAL jit = off")
        locked = [row[0] for row in query(LOCK_OLD, _range(before, after) | {"most": most})]
        going = _whole_families(query(FAMILIES, {"ids": locked, "before": before}))
        history = _remove(going, before, archive) if going else 0
    return Batch(workflows=len(going), history=history, last=locked[-1] if locked else None)


def _range(before: datetime, after: uuid.UUID) -> dict[str, object]:
    return {"after": after, "until": first_id_of(before), "before": before}


def _whole_families(rows: list[Row]) -> list[uuid.UUID]:
    """Leave out, generation by generation, the children whose parent is still there and does not go."""
    parents: dict[uuid.UUID, uuid.UUID | None] = dict(rows)
    while stay := [child for child, parent in parents.items() if parent is not None and parent not in parents]:
        for child in stay:
            del parents[child]
    return list(parents)


def _remove(going: list[uuid.UUID], before: datetime, archive: Archive | None) -> int:
    data = {"workflows": len(going), "before": before.isoformat()}
    history = 0
    if archive is not None:
        history = archive.take_history(going)
        data |= {"history": history, "file": str(archive.path), "bytes": archive.size}
    for statement in statements():
        query(statement, {"ids": going})
    leave_word("prune", note=f"{len(going)} workflows, their history {'exported' if archive else 'kept'}", data=data)
    return history


# Children that stay ended before that time too, so nobody holds their rows for long.
LET_GO_OF_CHILDREN = """
UPDATE pgworkflows_workflow SET parent_id = NULL, parent_task_id = NULL
WHERE parent_id = ANY (%(ids)s::uuid[]) AND id <> ALL (%(ids)s::uuid[])
"""


@cache
def statements() -> list[str]:
    """List what removes workflows and all that belongs to them, a statement a table."""
    own = "= ANY (%(ids)s::uuid[])"
    return [LET_GO_OF_CHILDREN, *_removals(Workflow, own), f"DELETE FROM pgworkflows_workflow WHERE id {own}"]


def _relations(model: type[Model]) -> list[Any]:
    return list(get_candidate_relations_to_delete(model._meta))


def _removals(model: type[Model], chosen: str) -> Iterator[str]:
    """Yield what a CASCADE of Django's does to the rows that refer to the chosen ones, those in nobody's way first."""
    for relation in sorted(_relations(model), key=lambda found: len(_relations(found.related_model))):
        meta = relation.related_model._meta
        where = f'"{relation.field.column}" {chosen}'
        if relation.on_delete is CASCADE:
            yield from _removals(relation.related_model, f'IN (SELECT "{meta.pk.column}" FROM "{meta.db_table}" WHERE {where})')
            yield f'DELETE FROM "{meta.db_table}" WHERE {where}'
        elif relation.on_delete is SET_NULL and meta.app_label != Workflow._meta.app_label:
            yield f'UPDATE "{meta.db_table}" SET "{relation.field.column}" = NULL WHERE {where}'


ANSWERS = """
DELETE FROM pgworkflows_idempotencykey WHERE id IN (
  SELECT id FROM pgworkflows_idempotencykey WHERE created_at < %(before)s ORDER BY id LIMIT %(most)s)
RETURNING id
"""


def prune_answers(before: datetime, *, most: int) -> int:
    """Remove up to `most` answers that were kept for an Idempotency-Key; return how many."""
    with amending("Pruning"):
        return len(query(ANSWERS, {"before": before, "most": most}))


COUNT = f"SELECT count(*) FROM pgworkflows_workflow WHERE {OLD}"


def count_prunable(before: datetime) -> int:
    """Count what ended before a time, whatever their parents and children do."""
    return int(query(COUNT, _range(before, BEGINNING))[0][0])

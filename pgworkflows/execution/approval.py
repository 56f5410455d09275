"""A body's request for approval."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ..definitions.durations import Duration
from ..definitions.encoding import dump, with_rows
from ..models import Approval, Task
from ..models.workflow import row_of
from ..store import approvals
from ..store.actors import Actor
from .body import BodyScope


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalOutcome:
    """How an approval ended; `comment` is the last decision's, `decisions` have username, verdict, comment and at."""

    status: str
    approved: bool
    decisions: list[dict[str, Any]]
    comment: str = ""
    snapshot_hash: str = ""


def wait_for_approval(
    body: BodyScope,
    fields: dict[str, Any],
    *,
    users: list[Any],
    groups: list[Any],
    subject: Any,
    requested_by: Any,
    timeout: Duration | None,
    on_timeout: str,
) -> ApprovalOutcome:
    """Ask once, then return the outcome or wait for it."""
    task = body.open_wait(Task.Kind.APPROVAL, str(fields["title"]), None, timeout)
    if task.status == Task.Status.COMPLETED:
        return body.answer(task)  # type: ignore[no-any-return] # recorded below
    row = body.run.row
    found = body.run.approvals.get(task.seq)
    if found is None:
        label, key = row_of(subject) if subject is not None else (row.subject_label, row.subject_id)
        requester = Actor(pk=row.requested_by, name=row.requested_by_name)
        try:
            with body.run.batch.transaction.own_queries():
                if requested_by is not None:
                    requester = Actor.of(with_rows(requested_by))
                approvals.request(
                    workflow=row.id, seq=task.seq, users=users, groups=groups, subject_label=label, subject_id=key,
                    requested_by=requester.pk, requested_by_name=requester.name, created_at=body.run.now(), due_at=task.due_at,
                    **fields,
                )  # fmt: skip
        except ValueError as error:
            body.fail(task, error)
        body.wait(task, f"approval: {fields['title']}")
        assert found is not None  # wait() does not return
    _, _, identity, status, due, decisions = found
    if status == Approval.Status.PENDING and due is not None and due <= body.run.now():
        if not body.run.batch.transaction.execute(approvals.EXPIRE, {"approval": identity}):
            body.wait(task, "a decision that has just come")
        status = Approval.Status.EXPIRED
    if status in (Approval.Status.PENDING, Approval.Status.CHANGES_REQUESTED):
        body.wait(task, f"approval: {fields['title']}")
    if status == Approval.Status.EXPIRED and on_timeout == "reject":
        status = Approval.Status.REJECTED
    outcome = ApprovalOutcome(
        status=status,
        approved=status == Approval.Status.APPROVED,
        decisions=(answers := json.loads(decisions)),
        comment=answers[-1]["comment"] if answers else "",
    )
    return body.complete(task, dump(outcome, "an approval's outcome"))  # type: ignore[no-any-return] # decoded to the same

"""A body's request for approval: stages and rounds, reminders, escalation and expiry, until it has an outcome."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NoReturn, cast

from django.db import transaction

from ..exceptions import NotAllowed
from ..models import Approval, Task
from ..models.waits import WaitKind, wait_for
from ..store.approvals import deadlines, stages
from ..store.approvals.announcements import Notification, announce
from ..store.approvals.snapshots import require_unchanged
from ..store.approvals.stages import Question
from ..store.approvals.verbs import requester_is_gone
from ..store.connection import database
from ..store.records import RecordedTask
from ..values.encoding import dump
from ..values.position import Position
from .errors import rebuild
from .replay import Replay


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalOutcome:
    """How a request ended, after all stages and rounds.

    `decisions` are dicts with username, on_behalf_of, verdict, comment, data, channel, at, stage and round, oldest first;
    `comment` is the last one's; `snapshot_hash` is of what was approved last, `approval` the last row's primary key.
    """

    status: str
    approved: bool
    decisions: list[dict[str, Any]]
    comment: str = ""
    snapshot_hash: str = ""
    approval: int | None = None

    def require_unchanged(self) -> None:
        """Raise SubjectChanged unless the subject is what was approved; in an atomic step, which then holds its lock."""
        shown = Approval.objects.using(database().alias).get(pk=cast(int, self.approval))
        if not transaction.get_connection(database().alias).in_atomic_block:
            raise NotAllowed("require_unchanged() locks the subject until the commit: call it in an atomic step.")
        require_unchanged(shown.subject_label, shown.subject_id, shown.shown, self.snapshot_hash)


TIMERS = ("reminder", "escalation", "expiry")
#: How soon to look again at an approval on which somebody decides just now.
SOON = timedelta(seconds=1)


def go_through_stages(replay: Replay, ask: Callable[[], Question], title: str) -> ApprovalOutcome:
    """Ask stage after stage and round after round; return the outcome, or wait.

    Each stage is an APPROVAL task, followed by its TIMER tasks. The last one's result is the outcome, the others' is None.
    """
    before: RecordedTask | None = None
    while True:
        task = replay.match(Task.Kind.APPROVAL, title)
        if task is None:
            task = _new_task(replay, title, replay.position)
            replay.asked[task.position] = None
        if task.status == Task.Status.FAILED:
            raise rebuild(str(task.error), step=title, attempts=1)
        timer = _pass_timers(replay)
        outcome = replay.answer(task) if task.status == Task.Status.COMPLETED else _look(replay, ask, task, timer, before)
        if outcome is not None:
            return outcome
        before = task


def _new_task(replay: Replay, title: str, position: Position) -> RecordedTask:
    now = replay.run.now()
    return replay.run.write(RecordedTask(position, Task.Kind.APPROVAL, title, Task.Status.WAITING, started_at=now))


def _open(replay: Replay, ask: Callable[[], Question], task: RecordedTask, previous: Approval | None) -> Approval | None:
    """Open the stage after `previous` at this task; return None where there is none, raise where it cannot be asked."""
    run = replay.run
    try:
        with run.batch.transaction.own_queries():
            opened = stages.open_next(
                ask(), workflow=run.row.id, name=run.row.name, position=task.position, now=run.now(), previous=previous
            )
            if opened is not None:
                announce(opened, Notification.REQUESTED)
    except (ValueError, NotAllowed) as error:
        replay.position = task.position  # what the body does next comes behind it
        replay.fail(task, error)
    replay.asked[task.position] = opened
    return opened


def _stage_at(replay: Replay, task: RecordedTask) -> Approval | None:
    if task.position in replay.asked:
        return replay.asked[task.position]
    with replay.run.batch.transaction.own_queries():
        return stages.stage_at(replay.run.row.id, task.position)


def _pass_timers(replay: Replay) -> RecordedTask | None:
    """Go past what is recorded of this stage's timers; return the one that is still open, if any."""
    timer = None
    while (found := replay.run.tasks.get(replay.position.next)) and found.kind == Task.Kind.TIMER and found.name in TIMERS:
        replay.match(found.kind, found.name)
        timer = found
    return timer if timer is not None and timer.status == Task.Status.WAITING else None


def _look(
    replay: Replay, ask: Callable[[], Question], task: RecordedTask, timer: RecordedTask | None, before: RecordedTask | None
) -> ApprovalOutcome | None:
    """See how the stage stands, and wait, go on to the next one (None), or end with the outcome."""
    approval = _stage_at(replay, task)
    if approval is None:  # new, or it could not be asked before and is retried
        approval = _open(replay, ask, task, _stage_at(replay, before) if before is not None else None)
    assert approval is not None
    while approval.status == Approval.Status.PENDING:
        timer = timer or _set_timer(replay, task, approval)
        if timer is None or timer.due_at > replay.run.now():  # type: ignore[operator] # a timer has a time
            _wait(replay, approval, timer.due_at if timer is not None else None)
        assert timer is not None
        approval = _ring(replay, approval, timer)
        timer = None
    if timer is not None:
        timer.status, timer.finished_at = Task.Status.CANCELLED, replay.run.now()
        replay.run.write(timer)
    if approval.status == Approval.Status.CHANGES_REQUESTED and approval.resubmitted_at is None:
        approval = _await_changes(replay, approval)
    return _go_on(replay, ask, task, approval)


def _await_changes(replay: Replay, approval: Approval) -> Approval:
    """Wait for the requester, and look once a time limit whether there still is one; without, let the approval expire."""
    now, locked = replay.run.now(), None
    with replay.run.batch.transaction.own_queries():
        announce(approval, Notification.DECIDED)
        until = deadlines.due(cast(datetime, approval.decided_at), approval.time_limit)
        if until is not None and until <= now:
            gone = requester_is_gone(approval)
            locked = deadlines.lock_unchanged(approval) if gone else None
            if locked is not None:
                deadlines.expire(locked)
            until = now + SOON if gone else deadlines.due(now, approval.time_limit)
    if locked is None:
        _wait(replay, approval, until)
    return locked


def _wait(replay: Replay, approval: Approval, until: datetime | None) -> NoReturn:
    if approval.status == Approval.Status.CHANGES_REQUESTED:
        facts = {"since": approval.decided_at, "by": approval.requested_by_name or None}
        wait = wait_for(WaitKind.CHANGES, approval.title, approval=approval.pk, **facts)
    else:
        since, due = approval.created_at, approval.due_at
        wait = wait_for(WaitKind.APPROVAL, approval.title, approval=approval.pk, since=since, until=due)
    replay.suspend(wait, until)


def _set_timer(replay: Replay, task: RecordedTask, approval: Approval) -> RecordedTask | None:
    """Open the timer of what comes next if nobody decides: a reminder, the escalation, or the end."""
    end = "escalation" if approval.on_timeout == Approval.OnTimeout.ESCALATE and approval.escalated_at is None else "expiry"
    name, moment = end, approval.due_at
    if approval.remind_every is not None:
        since = [t for where, t in replay.run.tasks.items() if where.is_after(task.position)]
        rung = [t.finished_at for t in since if t.name == "reminder" and t.finished_at]
        reminder = max(rung, default=approval.created_at) + approval.remind_every
        if moment is None or reminder < moment:
            name, moment = "reminder", reminder
    if moment is None:
        return None
    replay.match(Task.Kind.TIMER, name)
    return replay.run.write(replay.task(Task.Kind.TIMER, name, due_at=moment))


def _ring(replay: Replay, approval: Approval, timer: RecordedTask) -> Approval:
    """Do what the timer was set for; return the approval as it is then."""
    with replay.run.batch.transaction.own_queries():
        locked = deadlines.lock_unchanged(approval)
        if locked is not None:
            _ACTS[timer.name](locked, replay.run.now())
    if locked is None:  # somebody decides just now
        _wait(replay, approval, replay.run.now() + SOON)
    timer.status, timer.finished_at = Task.Status.COMPLETED, replay.run.now()
    replay.run.write(timer)
    return locked


def _remind(approval: Approval, now: datetime) -> None:
    deadlines.remind(approval)
    announce(approval, Notification.REMINDER, now)


def _escalate(approval: Approval, now: datetime) -> None:
    deadlines.escalate(approval, now)
    announce(approval, Notification.REQUESTED, now)


_ACTS: dict[str, Callable[[Approval, datetime], None]] = {
    "reminder": _remind,
    "escalation": _escalate,
    "expiry": lambda approval, _: deadlines.expire(approval),
}


def _go_on(replay: Replay, ask: Callable[[], Question], task: RecordedTask, approval: Approval) -> ApprovalOutcome | None:
    """After a stage has passed, or was resubmitted, open the next; return the outcome where there is none."""
    if approval.status in (Approval.Status.APPROVED, Approval.Status.CHANGES_REQUESTED):
        replay.complete(task, None)
        following = _new_task(replay, task.name, replay.position.next)
        if _open(replay, ask, following, approval) is not None:
            return None
        replay.run.unwrite(following)
    return _end(replay, task, approval)


def _end(replay: Replay, task: RecordedTask, approval: Approval) -> ApprovalOutcome:
    with replay.run.batch.transaction.own_queries():
        decisions = stages.answers(approval)
        announce(approval, Notification.EXPIRED if approval.status == Approval.Status.EXPIRED else Notification.DECIDED)
    refused_by_time = approval.status == Approval.Status.EXPIRED and approval.on_timeout == Approval.OnTimeout.REJECT
    outcome = ApprovalOutcome(
        status=str(Approval.Status.REJECTED if refused_by_time else approval.status),
        approved=approval.status == Approval.Status.APPROVED,
        decisions=decisions,
        comment=decisions[-1]["comment"] if decisions else "",
        snapshot_hash=approval.snapshot_hash,
        approval=approval.pk,
    )
    return replay.complete(task, dump(outcome, "an approval's outcome"))  # type: ignore[no-any-return] # decoded to the same

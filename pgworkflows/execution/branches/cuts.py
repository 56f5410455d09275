"""Cancelling branches: where each is cut, and what it leaves behind."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from ...models import Task
from ...store.records import RecordedTask
from ...values.position import Position
from ..run import Run

OPEN = (Task.Status.PENDING, Task.Status.RUNNING, Task.Status.WAITING)
#: What is recorded of a gather that was open when its own branch was cancelled.
CANCELLED = "cancelled"


class Cut(NamedTuple):
    """The seq at which Cancelled is raised in a branch, and why."""

    seq: int
    reason: str


def path_of(gather: Position, index: int) -> str:
    """Return the branch of a gather by its index: paths count from 1."""
    outer = f"{gather.branch}/" if gather.branch else ""
    return f"{outer}{gather.seq}.{index + 1}"


def gather_of(branch: str) -> tuple[Position, int] | None:
    """Return whose branch this is, and which; None for the body itself and for what was set aside."""
    found = re.fullmatch(r"(?:(.*)/)?(\d+)\.(\d+)", branch)
    return (Position(found[1] or "", int(found[2])), int(found[3]) - 1) if found else None


def is_cut(run: Run, position: Position) -> bool:
    """Whether the branch is cancelled at this position: what comes there is never given to it."""
    found = gather_of(position.branch)
    gather = run.tasks.get(found[0]) if found else None
    if found is None or gather is None or gather.result is None:
        return False
    return bool(json.loads(gather.result).get("cuts", {}).get(str(found[1])) == position.seq)


def cut_branch(run: Run, branch: str) -> int:
    """Cancel a branch that has begun; return where: at its open wait or call, or behind the last that is recorded."""
    last = run.furthest(branch)
    if Position(branch, last) in run.calls:
        run.take_back_call(Position(branch, last))
        last = run.furthest(branch)
    if not last:
        return 1
    task = run.tasks[Position(branch, last)]
    stands_at = (task.status in OPEN and not _only_started(run, task)) or task.position in run.landed
    if task.kind == Task.Kind.GATHER and task.status in OPEN:
        _cut_gather(run, task)
    for seq in range(last, 0, -1):
        _close(run, run.tasks[Position(branch, seq)])
    return last if stands_at else last + 1


def _cut_gather(run: Run, task: RecordedTask) -> None:
    number = json.loads(str(task.payload))["branches"]
    paths = {index: path_of(task.position, index) for index in range(number)}
    cuts = {str(index): cut_branch(run, path) for index, path in paths.items() if run.furthest(path)}
    task.result = json.dumps({"reason": CANCELLED, "branch": None, "begun": 0, "cuts": cuts})


def _close(run: Run, task: RecordedTask) -> None:
    """Close what is open; a call in flight flies on, and one whose worker died is not made again."""
    if task.status not in OPEN or task.position in run.flights:
        return
    task.status, task.due_at, task.finished_at = Task.Status.CANCELLED, None, run.now()
    run.write(task)
    if task.kind != Task.Kind.CHILD or _only_started(run, task):  # who waits for a child of another branch does not stop it
        run.cut.append(task)


def _only_started(run: Run, task: RecordedTask) -> bool:
    """Whether this is a child that its branch started, and no wait for one that was started before."""
    if task.kind != Task.Kind.CHILD:
        return False
    same = (other.position.order for other in run.tasks.values() if other.child == task.child)
    return min(same) == task.position.order

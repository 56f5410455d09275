"""Where the branches of a workflow stand together."""

from __future__ import annotations

from ..models import Workflow
from ..models.waits import WaitKind, wait_for
from .outcome import MOST_TOLD, told
from .run import Run

#: Where a workflow goes on no further by itself.
ENDS = (*Workflow.FINISHED, Workflow.Status.BLOCKED)


def merge_stops(run: Run) -> None:
    """Stand where the branches stand together: calls in flight come before waits, waits before times."""
    if run.outcome is None and run.stops:
        stops = run.stops.values()
        listens = any(stop.listens for stop in stops)
        due = min((stop.due for stop in stops if stop.due is not None), default=None)
        run.stand(due, told(stops), listens=listens)


def begin_afresh(run: Run) -> bool:
    """Whether the body is to run again from the top; forget then where its branches stood."""
    again = run.restarting and run.outcome is None and run.undone is None
    if again:
        run.restarting, run.put_off_first = False, None
        run.stops.clear()
        run.suspended.clear()
    return again


def await_flights(run: Run) -> None:
    """Stay until calls in flight have landed, should it end otherwise: nobody undoes a call that is still being made.

    Only a body that has come to its end waits for nothing.
    """
    turns_back = run.outcome is not None and run.outcome.status == Workflow.Status.COMPENSATING != run.row.status
    if run.outcome is None or not (turns_back or run.outcome.status in ENDS):
        return
    for position in list(run.calls):
        run.take_back_call(position)
    if run.flights and run.outcome.status != Workflow.Status.COMPLETED:
        run.outcome = None
        flying = [run.tasks[position] for position in sorted(run.flights)]
        waits = [wait_for(WaitKind.CALL, task.name, since=task.started_at, attempt=task.attempt) for task in flying]
        run.stand(None, waits[:MOST_TOLD])

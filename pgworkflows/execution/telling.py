"""Telling receivers, after the commit, what became of the workflows of a batch."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .. import signals
from ..exceptions import StepFailed
from ..models import Task, Workflow
from ..store.records import RecordedTask
from ..values.encoding import loaded_class, path_of
from ..values.redaction import Redactor
from .errors import in_short, rebuild

if TYPE_CHECKING:
    from .run import Run

#: Where something went wrong, and nothing happens any more without a person.
IN_VAIN = (Workflow.Status.FAILED, Workflow.Status.BLOCKED, Workflow.Status.COMPENSATED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a workflow is FAILED, BLOCKED or COMPENSATED.

    `exception` has its traceback where this process raised it; `traceback` is the recorded text. `step` and `attempts` are of
    the step that failed, empty and None where the body raised by itself. `expected` says that the definition expects it.
    """

    exception: BaseException
    error_type: str
    traceback: str
    expected: bool
    step: str
    attempts: int | None
    version: int
    queue: str
    key: str | None


def tell(attempts: list[dict[str, Any]], runs: Iterable[Run]) -> None:
    """Send the signals about failed attempts and about changes of status."""
    for attempt in attempts:
        signals.step_failed.send_robust(Task, **attempt)
    for run in runs:
        outcome = run.outcome
        if outcome is not None and outcome.status != run.row.status:
            signals.workflow_changed.send_robust(
                Workflow, workflow=run.row.id, name=run.row.name, from_status=run.row.status, to_status=outcome.status,
                error=in_short(outcome.error), failure=_failure(run),
                redactor=run.redactor if outcome.error else Redactor(),
            )  # fmt: skip


def _failure(run: Run) -> Failure | None:
    outcome, engine = run.outcome, run.batch.engine
    assert outcome is not None
    if outcome.status == Workflow.Status.COMPENSATING and outcome.raised is not None:
        engine.remember(run.row.id, outcome.raised)  # told once it has been undone
    if outcome.status not in IN_VAIN or outcome.error is None:
        return None
    exception = outcome.raised or engine.raised.get(run.row.id) or rebuild(outcome.error, step="", attempts=0)
    engine.raised.pop(run.row.id, None)
    told, task = json.loads(outcome.error), _failed_step(run, outcome.error)
    path, step, attempts = path_of(type(exception)), task.name if task else "", task.attempt if task else None
    if isinstance(exception, StepFailed):
        path, step, attempts = exception.type, exception.step, exception.attempts
    expected = isinstance(exception, run.definition.expected) or _is_of(path, run.definition.expected)
    return Failure(
        exception=exception, error_type=path, traceback=told.get("traceback", ""), step=step, attempts=attempts,
        expected=expected and outcome.status != Workflow.Status.BLOCKED,
        version=run.row.version, queue=run.row.queue, key=run.row.key,
    )  # fmt: skip


def _failed_step(run: Run, error: str) -> RecordedTask | None:
    """Return the last step, or compensation, that failed with this error."""
    kinds = (Task.Kind.STEP, Task.Kind.POLL, Task.Kind.COMPENSATION)
    for _, task in sorted(run.tasks.items(), reverse=True):
        if task.kind in kinds and task.status == Task.Status.FAILED and in_short(task.error) == in_short(error):
            return task
    return None


def _is_of(path: str, classes: tuple[type[BaseException], ...]) -> bool:
    try:
        return issubclass(loaded_class(path, BaseException), classes)
    except (LookupError, TypeError):
        return False

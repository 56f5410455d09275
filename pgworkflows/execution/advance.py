"""Running one claimed workflow as far as it goes."""

from __future__ import annotations

import json
from typing import Any

import psycopg
from django.apps import apps
from django.db import DatabaseError

from ..definitions.arguments import bind, convert
from ..definitions.scope import current_scope
from ..exceptions import WaitTimeout
from ..models import Workflow
from ..store.actors import Actor, running_for
from ..values.encoding import PLAIN, ModelReference, dump, load
from ..values.texts import check_size
from .body import BodyScope
from .context import WorkflowInfo, workflow_info
from .control_flow import ControlFlow, LockConflict, Suspended
from .entering import entered_in
from .errors import describe_end
from .landing import give_up_retries, land
from .leaving import TracingKept
from .outcome import MOST_CRASHES
from .own_events import take_own_events, take_word_of_hang
from .run import Run
from .sagas import compensate, to_undo
from .standing import await_flights, begin_afresh, merge_stops


def advance(run: Run) -> None:
    """Run the body, or the compensation, until it ends or waits; the outcome is then on the run.

    Runs in a fresh contextvars context: language, time zone and what the neighbour set are gone. Whatever the row holds
    that cannot be read stops this workflow alone.
    """
    try:
        _advance(run)
    except (Suspended, LockConflict):
        merge_stops(run)
    except (DatabaseError, psycopg.Error):
        raise
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        run.block(error)
    await_flights(run)


def _advance(run: Run) -> None:
    row = run.row
    if take_word_of_hang(run) and not (run.batch.alone and run.batch.apart):
        land(run)
        run.try_by_itself()
        return
    take_own_events(run)
    charged = run.batch.engine.take_charge(row.id)
    if charged is not None:
        run.block(charged)
        return
    aside = run.batch.engine.aside.pop(row.id, None)
    if aside is not None:
        land(run)
        run.step_aside(aside)
        return
    if row.crashes > MOST_CRASHES + 1:
        run.give_up("The body")
        return
    try:
        arguments = _arguments(run)
    except Exception as error:
        if run.tasks:  # it was readable once
            run.block(error)
        else:
            run.stop(Workflow.Status.FAILED, error=describe_end(error, run.failures), raised=error)
        return
    info = _info(run, arguments)
    workflow_info.set(info)
    running_for.set(Actor(pk=run.row.requested_by_id, name=run.row.requested_by_name, channel="worker"))
    land(run)
    if run.outcome is None:
        with entered_in(run.batch.transaction, info):
            _go_on(run, arguments)


def _go_on(run: Run, arguments: dict[str, Any]) -> None:
    row = run.row
    if row.status == Workflow.Status.COMPENSATING:
        compensate(run)
    elif row.cancel_requested_at is not None:
        _cancel(run)
    elif row.deadline is not None and row.deadline <= run.now():
        give_up_retries(run)
        _fail(run, WaitTimeout(f"the time limit of workflow {row.name}"))
    else:
        _run_body(run, arguments)


def _arguments(run: Run) -> dict[str, Any]:
    stored, definition = run.row.kwargs, run.definition
    if run.row.format == PLAIN:
        check_size(stored, f"{definition.name}: the arguments")
        # Never decoded: a tag that came from outside would name a class of its sender's choice.
        return convert(definition.name, definition.function, definition.signature, json.loads(stored))
    return bind(definition.name, definition.signature, (), load(stored))


def _info(run: Run, arguments: dict[str, Any]) -> WorkflowInfo:
    row = run.row
    return WorkflowInfo(
        id=row.id, name=row.name, version=row.version, key=row.key, kwargs=arguments, subject=_subject(run),
        requested_by=row.requested_by_id, requested_by_name=row.requested_by_name, scheduled_for=row.scheduled_for,
        recorded_attributes=json.loads(row.attributes),
    )  # fmt: skip


def _subject(run: Run) -> ModelReference | None:
    label, key = run.row.subject_label, run.row.subject_id
    if not label:
        return None
    try:
        model = apps.get_model(label)
    except LookupError:  # its app was removed
        return None
    except ValueError:
        raise ValueError(f"The subject {label}:{key} is not of the form app.model:key.") from None
    try:
        return ModelReference(model, model._meta.pk.to_python(key))
    except Exception as error:
        raise ValueError(f"The subject {label}:{key} is no key of {model._meta.label}: {error}") from error


def _run_body(run: Run, arguments: dict[str, Any]) -> None:
    """Run the body, afresh for as long as it is decided in it how branches end; its outcome is then on the run."""
    while True:
        try:
            _run_once(run, arguments)
        except Suspended:
            if not begin_afresh(run):
                raise
        else:
            return


def _run_once(run: Run, arguments: dict[str, Any]) -> None:
    scope = BodyScope(run)
    current_scope.set(scope)
    transaction = run.batch.transaction
    transaction.mode = "body"
    try:
        with TracingKept():
            value = run.definition.function(**arguments)
    except ControlFlow:
        raise
    except BaseException as error:  # sys.exit() in a body is its failure, as any exception
        if scope.suspended:
            raise Suspended from None
        scope.check_end(f"the exception {error!r}")
        transaction.mode = "engine"
        _fail(run, error)
        return
    transaction.mode = "engine"
    if scope.suspended:
        raise Suspended
    scope.check_end("the end of the body")
    try:
        run.stop(Workflow.Status.COMPLETED, result=dump(value, f"the result of {run.row.name}"))
    except Exception as error:
        _fail(run, error)


def _fail(run: Run, error: BaseException) -> None:
    """End in failure, or turn back to undo what was done; turning back is committed before the first compensation."""
    recorded = describe_end(error, run.failures)
    if isinstance(error, run.definition.compensate_on) and to_undo(run):
        run.stop(Workflow.Status.COMPENSATING, available_at=run.now(), error=recorded, raised=error)
    else:
        run.stop(Workflow.Status.FAILED, error=recorded, raised=error)


def _cancel(run: Run) -> None:
    """Carry out a cancel that was asked for; what just came back from outside is recorded first."""
    give_up_retries(run)
    request = json.loads(run.row.cancel_request or "{}")
    if request.get("compensate", True) and to_undo(run):
        run.stop(Workflow.Status.COMPENSATING, available_at=run.now())
    else:
        run.stop(Workflow.Status.CANCELLED)

"""Durable workflows and approvals in the Postgres database that a Django project already has."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .definitions.approvers import approvers
    from .definitions.decorators import step, workflow
    from .definitions.retry import Retry
    from .definitions.schedule import schedule
    from .definitions.subjects import describe_subject
    from .exceptions import (
        AlreadyDecided,
        ApprovalExpired,
        Cancelled,
        KeyConflict,
        NondeterminismError,
        NotAllowed,
        NotMigrated,
        NotStorable,
        PGWorkflowsError,
        QueryInBody,
        RequestRefused,
        StepFailed,
        SubjectChanged,
        TooManyBranches,
        WaitTimeout,
        WorkflowFailed,
        WorkflowFinished,
        WorkflowNotFound,
        WouldNeverReturn,
    )
    from .execution.branches.ended import Ended, Settled, Won
    from .execution.branches.words import first, gather, settle
    from .execution.context import current_workflow
    from .execution.stages import ApprovalOutcome
    from .execution.step_scope import current_step
    from .execution.vocabulary import now, random, set_attributes, set_state, uuid4
    from .execution.waits.approval import request_approval
    from .execution.waits.event import Received, wait_for_event
    from .execution.waits.poll import poll
    from .execution.waits.request import OpenRequest, wait_for_request
    from .execution.waits.row import wait_for_row
    from .execution.waits.timer import sleep, sleep_until
    from .models import WorkflowRelation
    from .store.actors import acting_as
    from .store.events import send_event
    from .triggers import StartWorkflowOn, WakeWaits

# Resolved at first use: Django imports this package before its app registry is ready, and models may not load by then.
_HOMES = {
    "AlreadyDecided": "exceptions",
    "ApprovalExpired": "exceptions",
    "ApprovalOutcome": "execution.stages",
    "Cancelled": "exceptions",
    "Ended": "execution.branches.ended",
    "KeyConflict": "exceptions",
    "NondeterminismError": "exceptions",
    "NotAllowed": "exceptions",
    "NotMigrated": "exceptions",
    "NotStorable": "exceptions",
    "OpenRequest": "execution.waits.request",
    "PGWorkflowsError": "exceptions",
    "QueryInBody": "exceptions",
    "Received": "execution.waits.event",
    "RequestRefused": "exceptions",
    "Retry": "definitions.retry",
    "Settled": "execution.branches.ended",
    "StartWorkflowOn": "triggers",
    "StepFailed": "exceptions",
    "SubjectChanged": "exceptions",
    "TooManyBranches": "exceptions",
    "WaitTimeout": "exceptions",
    "WakeWaits": "triggers",
    "Won": "execution.branches.ended",
    "WorkflowFailed": "exceptions",
    "WorkflowFinished": "exceptions",
    "WorkflowNotFound": "exceptions",
    "WorkflowRelation": "models",
    "WouldNeverReturn": "exceptions",
    "acting_as": "store.actors",
    "approvers": "definitions.approvers",
    "current_step": "execution.step_scope",
    "current_workflow": "execution.context",
    "describe_subject": "definitions.subjects",
    "first": "execution.branches.words",
    "gather": "execution.branches.words",
    "now": "execution.vocabulary",
    "poll": "execution.waits.poll",
    "random": "execution.vocabulary",
    "request_approval": "execution.waits.approval",
    "schedule": "definitions.schedule",
    "send_event": "store.events",
    "set_attributes": "execution.vocabulary",
    "set_state": "execution.vocabulary",
    "settle": "execution.branches.words",
    "sleep": "execution.waits.timer",
    "sleep_until": "execution.waits.timer",
    "step": "definitions.decorators",
    "uuid4": "execution.vocabulary",
    "wait_for_event": "execution.waits.event",
    "wait_for_request": "execution.waits.request",
    "wait_for_row": "execution.waits.row",
    "workflow": "definitions.decorators",
}

__all__ = [
    "AlreadyDecided",
    "ApprovalExpired",
    "ApprovalOutcome",
    "Cancelled",
    "Ended",
    "KeyConflict",
    "NondeterminismError",
    "NotAllowed",
    "NotMigrated",
    "NotStorable",
    "OpenRequest",
    "PGWorkflowsError",
    "QueryInBody",
    "Received",
    "RequestRefused",
    "Retry",
    "Settled",
    "StartWorkflowOn",
    "StepFailed",
    "SubjectChanged",
    "TooManyBranches",
    "WaitTimeout",
    "WakeWaits",
    "Won",
    "WorkflowFailed",
    "WorkflowFinished",
    "WorkflowNotFound",
    "WorkflowRelation",
    "WouldNeverReturn",
    "acting_as",
    "approvers",
    "current_step",
    "current_workflow",
    "describe_subject",
    "first",
    "gather",
    "now",
    "poll",
    "random",
    "request_approval",
    "schedule",
    "send_event",
    "set_attributes",
    "set_state",
    "settle",
    "sleep",
    "sleep_until",
    "step",
    "uuid4",
    "wait_for_event",
    "wait_for_request",
    "wait_for_row",
    "workflow",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value

"""Errors say what happened, with the ids, and what to do."""

import copy
import inspect
import pickle

import pytest

from pgworkflows import exceptions
from pgworkflows.exceptions import (
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

MESSAGES = {
    StepFailed("shop.charge", "CardDeclined", "no funds", 3): (
        "Step shop.charge failed after 3 attempt(s): CardDeclined: no funds"
    ),
    WaitTimeout("event 'delivered'"): "Timed out: event 'delivered'.",
    WorkflowFailed("shop.ship", "W1", "FAILED", "lost"): "Workflow shop.ship W1 ended FAILED: lost",
    WorkflowFailed("shop.ship", "W1", "CANCELLED", ""): "Workflow shop.ship W1 ended CANCELLED: no error recorded",
    WorkflowFinished("W1", "RUNNING", "retry"): (
        "Cannot retry workflow W1: it is RUNNING. Start no other in its place, which would do the same again: "
        "`manage.py workflows show` tells what it waits for."
    ),
    WorkflowFinished("W1", "COMPLETED", "cancel"): (
        "Cannot cancel workflow W1: it is COMPLETED. Start a new workflow if the work has to be done again."
    ),
    WorkflowNotFound("W1"): (
        "No workflow W1. Check the id or the name; names are listed by `manage.py workflows definitions`, and a workflow "
        "started in a transaction exists once that commits."
    ),
    KeyConflict("shop.ship", "k", "W1", {"a": 1}, {"a": 2}): (
        "Key 'k' of shop.ship belongs to workflow W1 with arguments {'a': 1}, but was used again with {'a': 2}. "
        "Use another key, or the same arguments."
    ),
    NotStorable("argument 'x'", "it is a socket."): "argument 'x' cannot be stored: it is a socket.",
    QueryInBody("shop.ship", "SELECT 1"): (
        "The body of shop.ship touched the database (SELECT 1). A body is run again from the top, so move this into a "
        "function decorated with @step and call that."
    ),
    NondeterminismError("W1", "3", "STEP a", "STEP b"): (
        "Workflow W1 at position 3: recorded is STEP a, but the code now asks for STEP b. Put the code back, or give the "
        "changed body a new version=, then call retry()."
    ),
    NotAllowed("Ask somebody else."): "Ask somebody else.",
    AlreadyDecided(7, "APPROVED"): "Approval 7 is already APPROVED; nothing was changed.",
    ApprovalExpired(7, "noon"): "Approval 7 was due at noon and can no longer be decided.",
    SubjectChanged("order 7", {"total": [1, 2]}): (
        "order 7 has changed since it was shown for approval: {'total': [1, 2]}. Ask for approval again."
    ),
    RequestRefused("change address", "W1", "it is packed"): ("Workflow W1 refused the request 'change address': it is packed"),
    TooManyBranches("gather", 10_001, 10_000): (
        "gather() of 10001 branches is more than 10000. Start a child for every few hundred, and gather their results."
    ),
    WouldNeverReturn("W1", "inside a step"): (
        "wait() for workflow W1 would never return inside a step: no worker can see it before this ends. Wait after the "
        "commit; in a body use the handle's result()."
    ),
    NotMigrated("default", "no such table"): (
        "Database 'default': no such table. Run `manage.py migrate --database default`; a test database is made without "
        "--nomigrations, TEST['MIGRATE'] = False and MIGRATION_MODULES['pgworkflows']."
    ),
}
DECLARED = [kind for kind in vars(exceptions).values() if getattr(kind, "__module__", "") == exceptions.__name__]
CLASSES = [kind for kind in DECLARED if kind not in (PGWorkflowsError, Cancelled)]


@pytest.mark.parametrize("error", MESSAGES, ids=lambda error: type(error).__name__)
def test_message(error):
    assert str(error) == MESSAGES[error]


@pytest.mark.parametrize("error", MESSAGES, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("again", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy], ids=["pickled", "copied"])
def test_error_survives_being_sent_elsewhere(error, again):
    other = again(error)
    assert (type(other), other.args, vars(other), str(other)) == (type(error), error.args, vars(error), str(error))


def test_cancelled_is_no_exception():
    assert Cancelled("lost").reason == "lost"
    assert not issubclass(Cancelled, Exception)


def test_every_class_is_shown_here():
    assert {type(error) for error in MESSAGES} == set(CLASSES)


def test_every_class_has_one_base():
    assert all(issubclass(kind, PGWorkflowsError) for kind in CLASSES)
    assert issubclass(WaitTimeout, TimeoutError)


def test_tree_in_the_docstring_is_the_tree():
    listed = [line.split()[1] for line in exceptions.__doc__.splitlines() if line.startswith(("├", "└"))]
    assert listed == [kind.__name__ for kind in CLASSES]
    assert all(inspect.getdoc(kind) for kind in CLASSES)

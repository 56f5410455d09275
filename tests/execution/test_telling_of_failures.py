"""Whom the log tells of a workflow that is FAILED, BLOCKED or COMPENSATED, what, and how often."""

import logging
import traceback

import django
import pytest
from django.core import mail

from pgworkflows import Retry, step, workflow
from pgworkflows.execution import batch, engine
from pgworkflows.models import Workflow
from pgworkflows.store.checkpoints import TransactionGone
from pgworkflows.telemetry.log import AdminEmailHandler
from pgworkflows.testing import run_workflows
from tests.ledger.models import Entry

pytestmark = pytest.mark.django_db


class OrderRejectedError(Exception):
    """Part of the business."""


class OddError(Exception):
    """Cannot be made again from its arguments."""

    def __init__(self, order, reason):
        super().__init__(f"{order}: {reason}")


def told(caplog):
    return [record for record in caplog.records if record.name == "pgworkflows" and record.levelno >= logging.INFO
            and hasattr(record, "workflow_status")]  # fmt: skip


@step(retry=Retry(max_attempts=2, initial=0))
def ship(error: bool) -> None:
    """Fail the second time too."""
    Entry.objects.create(name="shipped")
    if error:
        raise LookupError("no such parcel")


@ship.compensation
def unship(error: bool, result: None) -> None:
    """Undo."""


@step(atomic=False)
def call() -> None:
    """Fail outside."""
    raise OddError(7, "declined")


@workflow(queue="parcels")
def ships() -> None:
    """Let a step fail."""
    ship(True)


@workflow
def ships_then_calls() -> None:
    """Have something to undo."""
    ship(False)
    call()


@workflow(expected=(OrderRejectedError, OddError))
def rejects(how: str) -> None:
    """End as expected, or otherwise."""
    ship(False)
    if how == "odd":
        call()
    raise OrderRejectedError("too large") if how == "rejected" else ValueError(how)


@workflow(expected=(Exception,))
def cannot_be_undone() -> None:
    """Get stuck in its undo."""
    sticks()
    raise ValueError


@step
def sticks() -> None:
    """Be done."""


@sticks.compensation
def unsticks(result: None) -> None:
    """Never succeed."""
    raise RuntimeError("stuck")


def test_failed_step_is_told_of_with_its_own_traceback(caplog):
    run = ships.using(key="order 7").start()
    run_workflows()
    (record,) = told(caplog)
    assert (record.levelname, record.workflow_status, record.step) == ("ERROR", "FAILED", ship.name)
    assert (record.workflow_id, record.workflow_key, record.queue, record.attempts) == (str(run.id), "order 7", "parcels", 2)
    assert isinstance(record.exc_info[1], LookupError)
    assert traceback.extract_tb(record.exc_info[2])[-1].line == 'raise LookupError("no such parcel")'


def test_outside_step_that_cannot_be_made_again_shows_where_it_failed(caplog):
    ships_then_calls.start()
    run_workflows()
    (record,) = told(caplog)
    assert (record.levelname, record.workflow_status, record.step) == ("ERROR", "COMPENSATED", call.name)
    assert record.error_type.endswith("OddError")
    assert traceback.extract_tb(record.exc_info[2])[-1].line == 'raise OddError(7, "declined")'


@pytest.mark.parametrize(("how", "level"), [("rejected", "INFO"), ("odd", "INFO"), ("broken", "ERROR")])
def test_what_is_expected_is_no_error(caplog, how, level):
    with caplog.at_level(logging.INFO, "pgworkflows"):
        rejects.start(how=how)
        run_workflows()
    (record,) = told(caplog)
    assert (record.levelname, record.workflow_status) == (level, "COMPENSATED")
    assert (record.exc_info is None) == (level == "INFO")


def test_blocked_is_never_expected(caplog):
    cannot_be_undone.start()
    run_workflows()
    (record,) = told(caplog)
    assert (record.levelname, record.workflow_status, record.step) == ("ERROR", "BLOCKED", f"{sticks.name}.compensation")
    assert isinstance(record.exc_info[1], RuntimeError)


def test_process_that_did_not_see_it_has_what_is_recorded(caplog, monkeypatch):
    monkeypatch.setattr(engine.Engine, "remember", lambda *_: None)
    rejects.start(how="broken")
    run_workflows()
    (record,) = told(caplog)
    assert isinstance(record.exc_info[1], ValueError)
    assert "else ValueError(how)" in record.recorded_traceback


def test_batch_that_is_run_again_tells_once(caplog, monkeypatch):
    flush, lost = batch.flush, []

    def lose_once(*arguments):
        flush(*arguments)
        if not lost:
            lost.append(True)
            raise TransactionGone("lost")

    monkeypatch.setattr(batch, "flush", lose_once)
    ships.start()
    run_workflows()
    assert Workflow.objects.get().status == "FAILED"
    assert len(told(caplog)) == 1


@pytest.mark.parametrize("option", [ValueError, (1,)])
def test_expected_takes_exceptions_only(option):
    with pytest.raises(TypeError, match="expected must be a tuple of exception classes"):
        workflow(name="wrong", expected=option)(lambda: None)


def test_admins_get_one_email_about_many_that_fail_alike(settings, monkeypatch):
    settings.ADMINS = ["ops@example.com"] if django.VERSION >= (6, 0) else [("ops", "ops@example.com")]
    (handler,) = [handler for handler in logging.getLogger("pgworkflows").handlers if isinstance(handler, AdminEmailHandler)]
    handler._told.clear()
    ships.start_many([{}] * 40)
    run_workflows()
    handler._say_goodbye()
    assert len(mail.outbox) == 1
    monkeypatch.setattr("pgworkflows.telemetry.log.PAUSE", 0.0)
    ships.start()
    run_workflows()
    handler._say_goodbye()
    first, second = (email.body for email in mail.outbox)
    assert 'raise LookupError("no such parcel")' in first
    assert f"step: {ship.name}" in first
    assert "39 more failed alike" in second

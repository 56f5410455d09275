"""PGWORKFLOWS["ENTER"]: whatever runs of a workflow runs in its own context, and in nobody else's."""

import asyncio
import threading
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.core import mail
from django.db import connection, transaction

from pgworkflows import current_workflow, request_approval, step, workflow
from pgworkflows.execution.context import StepInfo, WorkflowInfo
from pgworkflows.execution.outside import OutsideCall, perform_async
from pgworkflows.models import Workflow
from pgworkflows.signals import approval_requested
from pgworkflows.testing import run_workflows
from pgworkflows.values.position import Position

HERE = threading.local()


def tenant():
    return getattr(HERE, "tenant", "public")


@contextmanager
def tenant_of(workflow):
    """Stand where the workflow's rows are, as django-tenants does: for this thread, by a query."""
    HERE.tenant = workflow.attributes["tenant"]
    with connection.cursor() as cursor:
        cursor.execute("SET search_path = public")
    try:
        yield
    finally:
        del HERE.tenant


@pytest.fixture(autouse=True)
def entering(settings):
    settings.PGWORKFLOWS = {"ENTER": tenant_of}


SEEN = []


def saw(what):
    SEEN.append((what, tenant()))


@step
def reserve() -> None:
    """Look, now and after the commit."""
    saw("step")
    transaction.on_commit(lambda: saw("hook"))


@reserve.compensation
def release(result: None) -> None:
    """Look."""
    saw("compensation")


@step(atomic=False)
def call() -> None:
    """Look outside."""
    saw("outside")


@step(atomic=False)
async def await_it() -> str:
    """Look from the thread of ORM calls, beside another."""
    await sync_to_async(saw)("async")
    await asyncio.sleep(0.05)
    await sync_to_async(saw)("async")
    return await sync_to_async(tenant)()


@workflow
def sees_all() -> None:
    """Go everywhere."""
    saw("body")
    reserve()
    call()
    await_it()
    raise ValueError


@workflow
def reads_labels() -> None:
    """Read what may be another at the next replay."""
    current_workflow().attributes  # noqa: B018


def start(started, name):
    return started.using(attributes={"tenant": name}).start()


@pytest.fixture
def seen():
    SEEN.clear()
    return SEEN


@pytest.mark.django_db
def test_everything_of_a_workflow_runs_in_its_context(seen):
    one, other = start(sees_all, "one"), start(sees_all, "two")
    run_workflows()
    assert {run.status for run in Workflow.objects.filter(pk__in=[one.pk, other.pk])} == {"COMPENSATED"}
    for name in ("one", "two"):
        assert {what for what, where in seen if where == name} == {"body", "step", "hook", "outside", "async", "compensation"}
    assert {where for _, where in seen} == {"one", "two"}
    assert tenant() == "public"


@pytest.mark.django_db
def test_workflow_whose_context_cannot_be_entered_is_blocked_alone():
    lost, fine = sees_all.start(), start(sees_all, "one")
    run_workflows()
    lost.refresh_from_db()
    fine.refresh_from_db()
    assert (lost.status, fine.status) == ("BLOCKED", "COMPENSATED")
    assert (lost.error["type"], lost.error["message"]) == ("builtins:KeyError", "'tenant'")


@pytest.mark.django_db
def test_body_cannot_read_labels_that_may_change():
    run = start(reads_labels, "one")
    run_workflows()
    run.refresh_from_db()
    assert (run.status, run.error["type"]) == ("FAILED", "pgworkflows.exceptions:NotAllowed")


@workflow
def asks() -> None:
    """Ask somebody."""
    request_approval("Release", users=["ada"])


@pytest.mark.django_db
def test_receivers_are_told_in_the_context_and_emails_written_in_none(seen, settings, pgworkflows):
    settings.PGWORKFLOWS |= {"BASE_URL": "https://shop.example"}
    get_user_model().objects.create_user("ada", "ada@example.com")

    def receiver(**_):
        saw("receiver")

    approval_requested.connect(receiver)
    try:
        start(asks, "one")
        run_workflows()
    finally:
        approval_requested.disconnect(receiver)
    assert ("receiver", "one") in seen
    pgworkflows.move_clock(timedelta(minutes=2))
    run_workflows()
    assert Workflow.objects.get(name="pgworkflows.email").status == "COMPLETED"
    assert len(mail.outbox) == 1


def async_call(name):
    of = WorkflowInfo(
        id=uuid4(), name="w", version=1, key=None, kwargs={}, subject=None, requested_by=None, requested_by_name="",
        recorded_attributes={"tenant": name},
    )  # fmt: skip
    info = StepInfo(name=await_it.name, attempt=1, workflow=of.id, position=Position("", 1))
    return OutsideCall(epoch=1, step=await_it, arguments={}, info=info, of=of)


@pytest.mark.django_db(transaction=True)
def test_async_calls_at_the_same_time_have_contexts_of_their_own():
    async def together():
        return await asyncio.gather(*(perform_async(async_call(name)) for name in ("one", "two", "three")))

    assert [result.text for result in asyncio.run(together())] == ['"one"', '"two"', '"three"']

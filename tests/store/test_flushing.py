"""Django's own test cases in a project that uses pgworkflows; the guard against TRUNCATE is lifted in test databases only."""

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from django.test import TestCase, TransactionTestCase, utils

from pgworkflows import step, workflow
from pgworkflows.models import History, Workflow, WorkflowDefinition
from pgworkflows.testing import WorkflowTestMixin, guards
from tests.ledger.models import Account


def run_one(case):
    @step
    def note() -> int:
        return Account.objects.create().pk

    @workflow(name="tests.noted")
    def body() -> int:
        return note()

    started = body.start()
    case.run_workflows()
    assert started.wait(1) == Account.objects.get().pk


class FlushedTests(WorkflowTestMixin, TransactionTestCase):
    """Each begins empty although the one before committed."""

    def test_first(self):
        run_one(self)

    def test_second(self):
        assert not History.objects.exists()
        run_one(self)


class SerializedTests(WorkflowTestMixin, TransactionTestCase):
    """Each begins with what was there when the database was made."""

    serialized_rollback = True

    def test_first(self):
        assert WorkflowDefinition.objects.filter(name="demo_shop.fulfil_order").exists()
        run_one(self)

    def test_second(self):
        assert WorkflowDefinition.objects.filter(name="demo_shop.fulfil_order").exists()
        run_one(self)


class RolledBackTests(WorkflowTestMixin, TestCase):
    """Each runs in a transaction of its own."""

    def test_first(self):
        run_one(self)

    def test_second(self):
        assert not Workflow.objects.exists()
        run_one(self)


@pytest.mark.django_db(transaction=True)
def test_flush_command_empties_the_tables():
    @workflow(name="tests.noted")
    def body() -> None: ...

    body.start()
    call_command("flush", interactive=False, verbosity=0)
    assert not Workflow.objects.exists()
    assert not History.objects.exists()
    assert WorkflowDefinition.objects.filter(name="demo_shop.fulfil_order").exists()
    assert ContentType.objects.exists()


STATES = "SELECT tgname, tgenabled FROM pg_trigger WHERE tgname IN ('history_no_truncate', 'history_append_only')"


@pytest.mark.django_db
def test_only_what_flushing_needs_is_lifted(execute):
    assert dict(execute(STATES)) == {"history_no_truncate": "D", "history_append_only": "A"}


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["production", "shop"])
def test_no_other_database_is_lifted(monkeypatch, execute, name):
    execute("ALTER TABLE pgworkflows_history ENABLE ALWAYS TRIGGER history_no_truncate")
    monkeypatch.setitem(connection.settings_dict, "NAME", name)
    guards.lift_in_test_database("default")
    assert dict(execute(STATES))["history_no_truncate"] == "A"


@pytest.mark.django_db
def test_nothing_is_lifted_outside_a_test_run(monkeypatch, execute):
    execute("ALTER TABLE pgworkflows_history ENABLE ALWAYS TRIGGER history_no_truncate")
    monkeypatch.delattr(utils._TestState, "saved_data")
    guards.lift_in_test_database("default")
    assert dict(execute(STATES))["history_no_truncate"] == "A"

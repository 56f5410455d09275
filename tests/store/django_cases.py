"""Django's own test cases, run by its own runner; see test_flushing.py."""

from django.test import TestCase, TransactionTestCase

from pgworkflows import step, workflow
from pgworkflows.models import History, Workflow, WorkflowDefinition
from pgworkflows.testing import WorkflowTestMixin
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


class AsMigratedTests(WorkflowTestMixin, TransactionTestCase):
    """Each begins with what was there when the database was made."""

    serialized_rollback = True

    def test_first(self):
        assert WorkflowDefinition.objects.filter(name="demo_shop.fulfil_order").exists()
        run_one(self)

    def test_second(self):
        assert WorkflowDefinition.objects.filter(name="demo_shop.fulfil_order").exists()
        run_one(self)


class FlushedTests(WorkflowTestMixin, TransactionTestCase):
    """Each begins empty although the one before committed."""

    def test_first(self):
        run_one(self)

    def test_second(self):
        assert not History.objects.exists()
        run_one(self)


class RolledBackTests(WorkflowTestMixin, TestCase):
    """Each runs in a transaction of its own."""

    def test_first(self):
        run_one(self)

    def test_second(self):
        assert not Workflow.objects.exists()
        run_one(self)

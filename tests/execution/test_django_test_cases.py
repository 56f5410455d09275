"""`pgworkflows.testing` in Django's own test cases."""

from datetime import timedelta

from django.core.management import call_command
from django.db import connection, transaction
from django.test import TestCase, TransactionTestCase
from django.utils import timezone

from pgworkflows import sleep, step, workflow
from pgworkflows.models import History, Workflow
from pgworkflows.testing import WorkflowTestMixin
from tests.ledger.models import Entry


def declare():
    """Declare a workflow that writes, sleeps and writes."""

    @step
    def write(name: str) -> None:
        Entry.objects.create(name=name)
        transaction.on_commit(lambda: Entry.objects.create(name="hook"))

    @workflow
    def body() -> str:
        write("before")
        sleep(3600)
        write("after")
        return "done"

    return body


class Scenario(WorkflowTestMixin):
    def check(self):
        began = timezone.now()
        started = declare().start()
        self.run_workflows()
        self.move_clock(timedelta(hours=2))
        assert timezone.now() - began > timedelta(hours=2)
        assert self.run_workflows().finished == 1
        assert started.wait(0) == "done"
        assert Entry.objects.count() == 4
        assert Workflow.objects.count() == 1


class InTestCase(Scenario, TestCase):
    def test_runs_in_the_transaction_of_the_test(self):
        self.check()

    def test_clock_is_right_again(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT abs(extract(epoch FROM pgworkflows.now() - clock_timestamp())) < 60")
            assert cursor.fetchone()[0]
        assert Workflow.objects.count() == 0

    def test_settings_of_the_worker_do_not_stay(self):
        self.check()
        declare().start()
        assert History.objects.filter(event="start").latest("id").actor == ""
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('idle_in_transaction_session_timeout'), current_setting('lock_timeout')")
            assert cursor.fetchone() == ("0", "0")


class InTransactionTestCase(Scenario, TransactionTestCase):
    def test_commits_and_is_flushed(self):
        self.check()

    def test_finds_nothing_of_the_test_before(self):
        assert not Workflow.objects.exists()
        assert not History.objects.exists()
        assert not Entry.objects.exists()


class InSerializedTestCase(Scenario, TransactionTestCase):
    serialized_rollback = True

    @classmethod
    def setUpClass(cls):
        # What post_migrate made again after another class's flush has other keys than what was serialized.
        call_command("flush", interactive=False, inhibit_post_migrate=True, verbosity=0)
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        call_command("flush", interactive=False, verbosity=0)

    def test_commits_and_is_flushed(self):
        self.check()

    def test_commits_and_is_flushed_again(self):
        self.check()

"""A body may not query; what it does when it is stopped or refused changes nothing."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone, translation

from pgworkflows import sleep, step, workflow
from pgworkflows.models import Workflow
from tests.ledger.models import Account, Entry

QUERIES = {
    "create": lambda: Entry.objects.create(name="x"),
    "read": lambda: list(Entry.objects.all()),
    "cursor": lambda: connection.cursor().execute("SELECT 1"),
    "atomic": lambda: transaction.atomic().__enter__(),
    "parents": lambda: Account(name="x").save(),
}


@pytest.mark.parametrize("query", QUERIES)
def test_query_in_body_fails_the_workflow(pgworkflows, query):
    @workflow
    def body() -> None:
        QUERIES[query]()

    started = body.start()
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert (started.status, started.error["type"]) == ("FAILED", "pgworkflows.exceptions:QueryInBody")
    assert f"The body of {started.name} {started.id} touched the database (" in started.error["message"]
    assert started.error["message"].endswith("move this into a function decorated with @step and call that.")


@pytest.mark.parametrize("query", QUERIES)
def test_caught_query_harms_nobody(pgworkflows, query):
    @step
    def write(name: str) -> None:
        Entry.objects.create(name=name)

    @workflow
    def body(name: str) -> str:
        try:
            QUERIES[query]()
        except Exception as error:
            write(name)
            return type(error).__name__

    both = [body.start("a"), body.start("b")]
    pgworkflows.run_workflows()
    assert [one.wait(0) for one in both] == ["QueryInBody"] * 2
    assert sorted(Entry.objects.values_list("name", flat=True)) == ["a", "b"]


def test_query_of_another_alias_is_refused(pgworkflows, settings):
    from django.db import connections

    @workflow
    def body() -> None:
        for alias in connections:
            connections[alias].cursor().execute("SELECT 1")

    started = body.start()
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert started.error["type"] == "pgworkflows.exceptions:QueryInBody"


def test_model_in_body_is_a_reference(pgworkflows):
    account = Account.objects.create(name="a")

    @workflow
    def body(account: Account) -> list[str]:
        told = [repr(account), str(account == account), str(account.pk)]
        try:
            told.append(account.name)
        except Exception as error:
            told.append(str(error))
        return told

    started = body.start(account)
    pgworkflows.run_workflows()
    assert started.wait(0) == [
        f"<ledger.Account {account.pk}>", "True", str(account.pk),
        f"The body of this workflow touched the database (ledger.Account.name of the row with pk {account.pk}). "
        "A body is run again from the top, so move this into a function decorated with @step and call that.",
    ]  # fmt: skip


def test_suspended_body_cannot_hold_on(pgworkflows):
    reached = []

    @step
    def never() -> None:
        reached.append("step")

    @workflow
    def body() -> str:
        try:
            sleep(60)
        except:  # noqa: E722 - the hostile case
            reached.append("caught")
            try:
                never()
            finally:
                return "wrong"  # noqa: B012 - the hostile case
        return "right"

    started = body.start()
    pgworkflows.run_workflows()
    started.refresh_from_db()
    assert (started.status, reached) == ("WAITING", ["caught"])
    pgworkflows.move_clock(timedelta(minutes=2))
    pgworkflows.run_workflows()
    assert started.wait(0) == "right"


def test_finally_runs_without_effect(pgworkflows):
    @step
    def write(name: str) -> None:
        Entry.objects.create(name=name)

    @workflow
    def body() -> None:
        try:
            sleep(60)
        finally:
            write("after")

    body.start()
    pgworkflows.run_workflows()
    assert not Entry.objects.exists()
    pgworkflows.move_clock(timedelta(minutes=2))
    pgworkflows.run_workflows()
    assert Entry.objects.count() == 1


def test_language_and_zone_do_not_leak(pgworkflows):
    seen = []

    @workflow
    def body() -> None:
        seen.append((translation.get_language(), timezone.get_current_timezone_name()))
        translation.activate("de")
        timezone.activate("Asia/Tokyo")

    body.start_many([{}, {}])
    pgworkflows.run_workflows()
    assert seen[0] == seen[1] != ("de", "Asia/Tokyo")
    assert Workflow.objects.filter(status="COMPLETED").count() == 2


def test_hostile_text_from_a_body_is_refused(pgworkflows):
    from pgworkflows import set_state, wait_for_event

    @workflow
    def states() -> None:
        set_state("a\x00b")

    @workflow
    def waits() -> None:
        wait_for_event("e", correlation="\ud800")

    both = [states.start(), waits.start()]
    pgworkflows.run_workflows()
    for one in both:
        one.refresh_from_db()
        assert (one.status, one.error["type"]) == ("FAILED", "pgworkflows.exceptions:NotStorable")


def test_calling_a_workflow_names_start():
    @workflow(name="shop.pay")
    def pay() -> None:
        """Nothing."""

    with pytest.raises(TypeError) as error:
        pay()
    assert str(error.value) == (
        "shop.pay is a workflow: calling it would not be durable. Use pay.start(...), and .wait() on what that returns."
    )

"""A web request that saves an order and then sends an event, while a step of the same workflow updates that order."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.db.models import F

from pgworkflows import step, wait_for_event, workflow
from pgworkflows.models import History, Workflow
from tests.ledger.models import Account

pytestmark = pytest.mark.django_db(transaction=True)

WAITS = "EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')"


@step
def add_unit(account: int) -> None:
    Account.objects.filter(pk=account).update(units=F("units") + 1)


@workflow(name="traps.fulfil")
def fulfil(account: int) -> str:
    add_unit(account)
    paid = wait_for_event("paid")
    add_unit(account)
    return paid


def pay(started: Workflow, account: int, watch) -> None:
    try:
        with transaction.atomic():
            Account.objects.filter(pk=account).update(units=F("units") + 10)
            watch(WAITS)  # the step waits for the row that we hold
            started.send_event("paid", "cash")
    finally:
        connection.close()


def test_request_never_waits_for_the_step(pgworkflows, watch):
    account = Account.objects.create(name="hot")
    started = fulfil.start(account.pk)
    with ThreadPoolExecutor(1) as pool:
        request = pool.submit(pay, started, account.pk, watch)
        watch("EXISTS (SELECT FROM pg_locks WHERE relation = 'ledger_account'::regclass AND mode = 'RowExclusiveLock')")
        pgworkflows.run_workflows()
        request.result(timeout=20)
    pgworkflows.run_workflows()
    assert started.wait(1) == "cash"
    assert Account.objects.get().units == 12
    assert not History.objects.filter(event="attempt_failed").exists()

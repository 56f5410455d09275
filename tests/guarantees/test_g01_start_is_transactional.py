"""G1: a workflow exists if and only if the caller's transaction commits."""

import psycopg
import pytest
from django.db import transaction

from pgworkflows.models import History, Workflow
from pgworkflows.store.definitions import write_definition
from tests.ledger.models import Entry
from tests.ledger.workflows import quick
from tests.workers import conninfo, rows

pytestmark = pytest.mark.django_db(transaction=True)


class RefusedError(Exception):
    pass


def exists_elsewhere() -> bool:
    with psycopg.connect(conninfo()) as session:
        return session.execute("SELECT EXISTS (SELECT FROM pgworkflows_workflow)").fetchone()[0]


def test_rollback_leaves_neither_order_nor_workflow(pgworkflows):
    with pytest.raises(RefusedError), transaction.atomic():  # noqa: PT012 - the block is the transaction
        Entry.objects.create(name="order")
        quick.start("effect")
        raise RefusedError
    assert not exists_elsewhere()
    assert pgworkflows.run_workflows().finished == 0
    assert not Entry.objects.exists()
    assert not History.objects.exists()


def test_savepoint_rollback_takes_only_its_start(pgworkflows):
    with transaction.atomic():
        quick.start("kept")
        with pytest.raises(RefusedError), transaction.atomic():  # noqa: PT012 - the block is the transaction
            quick.start_many([{"name": "lost"}, {"name": "lost too"}])
            raise RefusedError
    pgworkflows.run_workflows()
    assert list(Entry.objects.values_list("name", flat=True)) == ["kept"]


def test_nobody_sees_it_before_the_commit(pgworkflows):
    with transaction.atomic():
        started = quick.start("effect")
        assert not exists_elsewhere()
    assert exists_elsewhere()
    pgworkflows.run_workflows()
    assert Workflow.objects.get().pk == started.pk
    assert Entry.objects.get().name == "effect"


def test_start_in_sql_is_the_callers_too():
    write_definition(quick)
    start = """SELECT pgworkflows.start('ledger.quick', '{"name": "effect"}')"""
    with pytest.raises(RefusedError), transaction.atomic():  # noqa: PT012 - the block is the transaction
        rows(start)
        raise RefusedError
    assert not exists_elsewhere()
    rows(start)
    assert exists_elsewhere()

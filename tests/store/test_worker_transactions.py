"""Transactions of workers are bounded by the server, and ended by others when their worker is gone."""

import os

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from pgworkflows.store.transactions import TRANSACTION_LOCK, bounded, end_transactions_of, own_transaction
from tests.ledger.models import Entry
from tests.workers import conninfo, rows, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.direct]

FREE = "SELECT FROM ledger_entry WHERE id = %s FOR UPDATE SKIP LOCKED"


def test_those_of_a_worker_that_is_gone_are_ended_and_no_others():
    row = Entry.objects.create(name="locked")
    with psycopg.connect(conninfo()) as gone, psycopg.connect(conninfo()) as alive:
        for session, worker in ((gone, 7), (alive, 8)):
            session.execute(bounded(worker, 30))
        gone.execute("SELECT FROM ledger_entry FOR UPDATE")
        assert rows(FREE, row.pk) == []
        end_transactions_of(7)
        assert rows(FREE, row.pk) == [()]
        assert alive.execute("SELECT 1").fetchone() == (1,)
        gone.close()


def test_a_stranger_who_holds_the_lock_is_left_alone(superuser):
    with psycopg.connect(os.environ["SUPERUSER_URL"], dbname=connection.settings_dict["NAME"]) as stranger:
        stranger.execute("SELECT pg_advisory_xact_lock(%s, 7)", [TRANSACTION_LOCK])
        end_transactions_of(7)
        assert stranger.execute("SELECT 1").fetchone() == (1,)


def test_the_server_ends_one_that_is_idle_for_a_lease(settings):
    settings.PGWORKFLOWS = {"LEASE": 0.3}
    Entry.objects.create(name="locked")
    with pytest.raises(DatabaseError):
        lock_until_others_can()


def lock_until_others_can() -> None:
    """Lock the row and stay away until it is free, then come back."""
    with psycopg.connect(conninfo(), autocommit=True) as other, own_transaction(7):
        rows("SELECT FROM ledger_entry FOR UPDATE")
        until(lambda: other.execute("SELECT FROM ledger_entry FOR UPDATE SKIP LOCKED").rowcount, "the row is free")
        rows("SELECT")


def test_a_transaction_around_it_is_not_bounded():
    with transaction.atomic():
        before = rows("SHOW idle_in_transaction_session_timeout")
        with own_transaction(7):
            assert rows("SHOW idle_in_transaction_session_timeout") == before

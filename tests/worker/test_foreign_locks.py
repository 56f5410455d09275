"""Any login may take advisory locks: those that workers use are tried, never waited for."""

import psycopg
import pytest

from pgworkflows.models import Worker, Workflow
from pgworkflows.store.queues import IDLE_LOCK
from pgworkflows.store.workers import LIVENESS_LOCK
from tests.ledger.workflows import quick
from tests.workers import conninfo, until_all

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.direct]


@pytest.mark.parametrize("mode", ["", "_shared"])
def test_a_worker_begins_and_works_while_a_stranger_holds_every_lock(fleet, mode):
    with psycopg.connect(conninfo(), autocommit=True) as stranger:
        (next_id,) = stranger.execute("SELECT COALESCE(max(last_value), 0) FROM pgworkflows_worker_id_seq").fetchone()
        for number in range(next_id, next_id + 10):
            stranger.execute(f"SELECT pg_advisory_lock{mode}(%s, %s)", (LIVENESS_LOCK, number))
        stranger.execute(f"SELECT pg_advisory_lock{mode}(%s, 0)", (IDLE_LOCK,))
        quick.start("first")
        fleet.worker()
        until_all("COMPLETED")
        quick.start("while it is idle")
        until_all("COMPLETED")
        assert Worker.objects.filter(stopped_at=None).count() == 1
    assert Workflow.objects.count() == 2

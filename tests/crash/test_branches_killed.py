"""Workers that die while the branches of many workflows are open."""

import pytest

from pgworkflows.models import Task
from tests.crash.test_killed_workers import kill_one_now_and_then
from tests.ledger.workflows import branching
from tests.workers import rows, until, until_all

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 60

# One process makes one attempt of one call once.
MADE_TWICE = "SELECT name FROM ledger_entry WHERE name LIKE '%: called by %' GROUP BY name HAVING count(*) > 1"


def test_branches_end_once_whoever_dies(fleet, effects):
    branching.start_many([{"name": f"b{n}"} for n in range(MANY)])
    supervisor = fleet.runworkflows("--processes", "2", "--concurrency", "8")
    until(lambda: Task.objects.filter(kind="GATHER", status="WAITING").count() > 20, "gathers are open")
    assert kill_one_now_and_then(supervisor, 8) >= 3
    until_all("COMPLETED", 90)
    counted = effects()
    for n in range(MANY):
        assert [counted[f"b{n}/{what}"] for what in ("begun", "cleaned up", "won", "a", "b", "nested")] == [1] * 6
    assert not rows(MADE_TWICE)
    assert not rows("SELECT FROM pgworkflows_workflow WHERE owner_id IS NOT NULL OR available_at IS NOT NULL")
    assert not rows("SELECT FROM pgworkflows_task WHERE status IN ('PENDING', 'RUNNING', 'WAITING')")

"""Ten thousand workflows that wait cost rows, not memory, connections or transactions."""

from pathlib import Path

from pgworkflows.models import Workflow
from tests.ledger.workflows import waiting
from tests.workers import Fleet, rows, until, until_all

MANY = 10_000
MOST_MEMORY = 150 * 1024  # KiB

OPEN_TRANSACTIONS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
"""
SEND_TO_ALL = "SELECT pgworkflows.send_event(id, 'go', '\"now\"') FROM pgworkflows_workflow"


def memory(pid: int) -> int:
    """Return the resident memory of a process in KiB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    (line,) = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1])


def test_ten_thousand_waits_cost_nothing(fleet: Fleet) -> None:
    waiting.start_many([{"name": f"w{number}"} for number in range(MANY)])
    worker = fleet.worker()
    until(lambda: rows("SELECT count(*) FROM pgworkflows_workflow WHERE status = 'WAITING'") == [(MANY,)], "all wait", 120)
    until(lambda: rows(OPEN_TRANSACTIONS) == [(0,)], "no transaction is open")
    assert memory(worker.pid) < MOST_MEMORY
    rows(SEND_TO_ALL)
    until_all(Workflow.Status.COMPLETED, 120)
    assert memory(worker.pid) < MOST_MEMORY
    assert rows("SELECT count(*), count(DISTINCT name) FROM ledger_entry") == [(MANY, MANY)]
    assert rows("SELECT count(*) FROM pgworkflows_event WHERE task_id IS NULL") == [(0,)]

"""A slow step among quick ones: business locks are held briefly all the same, and batches become smaller."""

import pytest

from pgworkflows.models import Workflow
from tests.ledger.models import Account
from tests.ledger.workflows import counting
from tests.workers import rows, until_all

pytestmark = pytest.mark.django_db(transaction=True)

MANY, SLOW, SECONDS, LONGEST = 50, 20, 0.3, 0.4

# A step returns when it locked its row; the history is written at the end of the same transaction. All tasks of a
# batch are inserted by one statement, so they have one xmin.
BATCHES = """
SELECT count(*), bool_or((w.kwargs ->> 'seconds')::float > 0),
  extract(epoch FROM max(h.at))::float - min((t.result #>> '{}')::float)
FROM pgworkflows_task t JOIN pgworkflows_workflow w ON w.id = t.workflow_id
JOIN pgworkflows_history h ON h.task = t.id
GROUP BY t.xmin ORDER BY min(h.id)
"""


def run_fifty(fleet) -> list[tuple[int, bool, float]]:
    """Return for each batch: how many workflows, whether the slow one was among them, how long locks were held."""
    accounts = [Account.objects.create(name=f"a{n}") for n in range(MANY)]
    for several, seconds in ((accounts[:SLOW], 0.0), ([accounts[SLOW]], SECONDS), (accounts[SLOW + 1 :], 0.0)):
        counting.start_many([{"account": account.pk, "seconds": seconds} for account in several])
    worker = fleet.worker(batch_size=MANY)
    until_all("COMPLETED")
    worker.kill()
    worker.wait()
    batches = rows(BATCHES)
    Workflow.objects.all().delete()
    return batches


def test_no_row_is_locked_for_long_and_the_next_batch_is_smaller(fleet):
    for last in (False, False, True):
        batches = run_fifty(fleet)
        held = max(seconds for _, _, seconds in batches)
        # A busy machine may add its own pauses once; three times they would be the worker's.
        if held <= LONGEST or last:
            break
    assert SECONDS <= held <= LONGEST
    sizes = [size for size, _, _ in batches]
    (place,) = [place for place, (_, slow, _) in enumerate(batches) if slow]
    assert sum(sizes) == MANY
    assert sizes[:3] == [1, 1, 1]
    # While all is quick a batch claims twice what the one before did. The slow one's runs nothing after it, but
    # gives the rest back, and the next claims half.
    assert sizes[place - 1] > 1
    assert sizes[place + 1] < 2 * sizes[place - 1]
    assert Account.objects.filter(units=1).count() == Account.objects.count()

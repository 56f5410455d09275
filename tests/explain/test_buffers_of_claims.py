"""A claim reads what it takes, whatever stands in front: under 200 buffers for 50 workflows."""

import pytest

from pgworkflows.store import claims
from pgworkflows.store.claims import Known
from pgworkflows.store.connection import query
from tests.explain import crowd
from tests.explain.plans import buffers

MOST = 200
OTHERS = [f"crowd.known{n}" for n in range(40)]


def known(*names: str) -> Known:
    """Know some definitions of the crowd, and many that are not in the queue."""
    listed = [*names, *OTHERS]
    return Known(listed, [1] * len(listed), [""] * len(listed), None)


def claim(*names: str, most: int = 50) -> list[str]:
    return [claimed.name for claimed in claims.claim(query, known(*names), most).workflows]


EVERYTHING = (crowd.LONELY, crowd.LATER, crowd.BACKLOG)


@pytest.mark.parametrize(
    "names",
    [
        pytest.param((crowd.LONELY,), id="behind unknown names, and what is paused or waits for a permit"),
        pytest.param((crowd.LATER,), id="behind what is not yet due"),
        pytest.param((crowd.BACKLOG,), id="from a long backlog"),
        pytest.param(EVERYTHING, id="of everything"),
        pytest.param((), id="of nothing"),
    ],
)
def test_claim_reads_under_200_buffers(crowded, names):
    assert len(claim(*names)) == (50 if names else 0)
    assert buffers(lambda: claim(*names)) < MOST


WAKE = "UPDATE pgworkflows_workflow SET available_at = now() WHERE id = %(id)s"


def test_lanes_asleep_cost_by_the_hundred(crowded):
    """5,000 of them, with one in their midst that is due; a probe for each would read 15,000."""
    names = (crowd.ASLEEP, crowd.LONELY)
    query(WAKE, {"id": crowd.workflow_id(crowded[crowd.ASLEEP] + 4_000)})
    assert set(claim(*names)) == set(names)
    assert buffers(lambda: claim(*names)) < 800
    assert buffers(lambda: claims.seconds_to_next(query, known(*names))) < 800


LOCK_FRONT = "SELECT id FROM pgworkflows_workflow WHERE id BETWEEN %s AND %s FOR UPDATE"


@pytest.fixture
def locked_front(crowded, other_session):
    """Hold locks on the whole backlog but the youngest thousand."""
    first = crowded[crowd.BACKLOG]
    ends = crowd.workflow_id(first), crowd.workflow_id(first + crowd.FRONT - 1)
    assert other_session.execute(LOCK_FRONT, ends).rowcount == crowd.FRONT


def test_claim_behind_locked_rows_reads_little(locked_front):
    assert len(claim(crowd.BACKLOG)) == 50
    assert buffers(lambda: claim(crowd.BACKLOG)) < MOST


def test_looking_for_the_next_due_reads_little(crowded):
    assert buffers(lambda: claims.seconds_to_next(query, known(*EVERYTHING))) < MOST


def test_claim_without_its_index_reads_everything(crowded):
    query("DROP INDEX pgworkflows_workflow_runnable")
    assert buffers(lambda: claim(crowd.LONELY), warm_up=0) > 10_000

"""Which runs a claim takes of those that are due: lanes share it, and some runs are left alone."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from pgworkflows import workflow
from pgworkflows.models import Worker, Workflow
from pgworkflows.store import claims, health, workers
from pgworkflows.store.claims import Known
from pgworkflows.store.connection import query

KNOWN = Known(["tests.one", "tests.two"], [1, 1], ["mine", "mine"], None)


@pytest.fixture
def one(db):
    @workflow(name="tests.one")
    def body(n: int) -> None: ...

    return body


@pytest.fixture
def two(db):
    @workflow(name="tests.two")
    def body(n: int) -> None: ...

    return body


def taken(most=50, known=KNOWN):
    with transaction.atomic():
        return claims.claim(query, known, most).workflows


def shares(**options):
    return Counter((row.name, row.queue) for row in taken(**options))


def start(workflow, count, *, ready=timedelta(0), **options):
    """Start some runs that have been ready for so long."""
    started = workflow.using(**options).start_many([{"n": n} for n in range(count)])
    Workflow.objects.filter(pk__in=[run.pk for run in started]).update(available_at=timezone.now() - ready, fingerprint="mine")
    return started


def test_definitions_share_a_batch(one, two):
    start(one, 200, ready=timedelta(hours=1))
    start(two, 100, ready=timedelta(minutes=1))
    assert shares() == {("tests.one", "default"): 25, ("tests.two", "default"): 25}


def test_what_a_short_lane_leaves_goes_to_the_others(one, two):
    start(one, 100, ready=timedelta(hours=1))
    start(one, 3, queue="slow", ready=timedelta(hours=2))
    start(two, 20)
    assert shares() == {("tests.one", "default"): 27, ("tests.one", "slow"): 3, ("tests.two", "default"): 20}


def test_lanes_of_a_higher_priority_leave_nothing(one, two):
    start(one, 100, ready=timedelta(hours=1))
    start(two, 100, priority=1)
    assert shares() == {("tests.two", "default"): 50}


def test_of_many_lanes_those_longest_ready_take_part(one):
    for n in range(8):
        start(one, 2 + n % 3, queue=f"q{n}", ready=timedelta(minutes=n))
    assert shares(most=3) == {("tests.one", "q7"): 1, ("tests.one", "q6"): 1, ("tests.one", "q5"): 1}


def test_places_in_line_are_shared_by_keys(one):
    """What shares a lane fairly is given its place as `available_at`, here by turns of A and B."""
    many, few = start(one, 100), start(one, 10)
    begin = timezone.now() - timedelta(hours=1)
    for key, runs in (("a", many), ("b", few)):
        for place, run in enumerate(runs):
            run.fair, run.available_at = key, begin + timedelta(seconds=place, milliseconds=key == "b")
        Workflow.objects.bulk_update(runs, ["fair", "available_at"])
    ids = {row.id for row in taken(most=20)}
    assert ids == {run.pk for run in [*many[:10], *few]}


@pytest.mark.parametrize("held", [{"paused_at": timezone.now()}, {"gate": "sms"}])
@pytest.mark.parametrize("crashes", [0, 1])
def test_paused_and_gated_runs_are_left(one, held, crashes):
    """Neither claimed, nor tried again as a suspect, nor counted as due by who sleeps, drains or watches."""
    (run,) = start(one, 1, ready=timedelta(hours=1))
    Workflow.objects.filter(pk=run.pk).update(crashes=crashes, **held)
    assert taken() == []
    assert not claims.claim_these(query, [run.pk]).workflows
    assert not claims.claim_suspects(query, KNOWN, claims.TOGETHER, 10).workflows
    assert claims.seconds_to_next(query, KNOWN) is None
    assert claims.seconds_to_next_suspect(query, KNOWN, 0) is None
    assert not workers.silent_owner(0, KNOWN, timezone.now())
    assert health.measure().oldest_runnable is None
    Workflow.objects.filter(pk=run.pk).update(paused_at=None, gate=None)
    found = claims.claim_suspects(query, KNOWN, claims.TOGETHER, 10).workflows if crashes else taken()
    assert [row.id for row in found] == [run.pk]


@pytest.fixture
def old_run(one):
    """Be a run that was begun with a body which this worker does not have."""
    (run,) = start(one, 1)
    Workflow.objects.filter(pk=run.pk).update(fingerprint="old")
    return run


def living(*, fingerprint, queues=()):
    definitions = {"tests.one:1": fingerprint}
    return workers.register("w", queues=list(queues), definitions=definitions, direct=False, lease=30)


@pytest.mark.parametrize("crashes", [0, 1])
def test_run_is_left_to_workers_that_have_its_body(old_run, crashes):
    Workflow.objects.update(crashes=crashes)

    def found():
        return len(claims.claim_suspects(query, KNOWN, claims.TOGETHER, 10).workflows) if crashes else len(taken())

    assert found() == 1
    other = living(fingerprint="old")
    assert found() == 0
    assert claims.seconds_to_next(query, KNOWN) is None
    assert claims.seconds_to_next_suspect(query, KNOWN, 0) is None
    Worker.objects.filter(pk=other).update(beat_at=timezone.now() - timedelta(minutes=1))
    assert found() == 1


@pytest.mark.parametrize("queues", [[], ["default"]])
def test_worker_with_that_body_takes_it(old_run, queues):
    living(fingerprint="old", queues=queues)
    assert len(taken(known=Known(["tests.one"], [1], ["old"], queues or None))) == 1


def test_run_is_not_left_to_who_does_not_take_it(old_run):
    living(fingerprint="another")
    living(fingerprint="old", queues=["slow"])
    leaving = living(fingerprint="old")
    workers.stop(living(fingerprint="old"))
    assert taken() == []
    workers.beat(leaving, leaving=True)
    assert [row.id for row in taken()] == [old_run.pk]


ASLEEP = """
INSERT INTO pgworkflows_workflow
SELECT (jsonb_populate_record(w, jsonb_build_object(
  'id', gen_random_uuid(), 'queue', 'q' || q, 'available_at', now() + q * interval '1 minute'))).*
FROM pgworkflows_workflow w, generate_series(%(first)s, %(last)s) AS q, generate_series(1, %(each)s)
WHERE w.id = %(id)s
"""


@pytest.mark.parametrize("each", [1, 3, 120])
def test_lanes_asleep_hide_neither_what_is_due_nor_what_is_next(one, two, each):
    (run,) = start(one, 1, queue="a")
    query(ASLEEP, {"first": 2, "last": 260 if each < 100 else 5, "each": each, "id": run.pk})
    start(one, 1, queue="q201")
    start(two, 1, queue="z")
    assert shares() == {("tests.one", "a"): 1, ("tests.one", "q201"): 1, ("tests.two", "z"): 1}
    Workflow.objects.filter(available_at__lte=timezone.now()).update(available_at=None, status="WAITING")
    assert 110 < claims.seconds_to_next(query, KNOWN) <= 120
    only = Known(KNOWN.names, KNOWN.versions, KNOWN.fingerprints, ["q5"])
    assert 290 < claims.seconds_to_next(query, only) <= 300

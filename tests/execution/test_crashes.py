"""A crash at any point: rows once, calls at least once with one key."""

import pytest

from pgworkflows import current_step, sleep, step, workflow
from pgworkflows.testing import CRASH_POINTS, crash_at
from tests.ledger.models import Entry

TIMES = {"before_flush": 2, "before_commit": 2, "before_outside_call": 1, "after_outside_call": 1}
POINTS = [(point, n) for point in CRASH_POINTS for n in range(1, TIMES.get(point, 3) + 1)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("point", "occurrence"), POINTS)
def test_crash_loses_nothing_and_repeats_nothing(pgworkflows, point, occurrence):
    keys = []

    @step
    def write(name: str) -> str:
        Entry.objects.create(name=name)
        return name

    @step(atomic=False)
    def call() -> None:
        keys.append(current_step().idempotency_key)

    @workflow
    def body() -> str:
        told = write("a") + write("b")
        call()
        sleep(0)
        return told + write("c")

    started = body.start()
    try:
        with crash_at(point, occurrence=occurrence):
            pgworkflows.run_workflows()
    except AssertionError:
        pytest.skip("this run never comes so far")
    pgworkflows.run_workflows()
    assert started.wait(0) == "abc"
    assert sorted(Entry.objects.values_list("name", flat=True)) == ["a", "b", "c"]
    assert len(keys) in (1, 2)
    assert len(set(keys)) == 1


def test_unknown_point_is_named():
    with pytest.raises(ValueError, match=r"crash_at\('nowhere'\): no such point. There are before_step, "), crash_at("nowhere"):
        pass


def test_point_never_reached_is_told(pgworkflows):
    with pytest.raises(AssertionError) as error, crash_at("before_step"):
        pgworkflows.run_workflows()
    assert str(error.value) == "The run came to 'before_step' 0 times, so it did not crash at occurrence 1."

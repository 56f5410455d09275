"""Schedules: each nominal time begins one run, whoever comes when, and what is left out is on record."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from pgworkflows import current_workflow, schedule, sleep, step, workflow
from pgworkflows.definitions.registry import registry
from pgworkflows.models import History, Schedule, Workflow
from pgworkflows.store.schedules import firing, verbs
from pgworkflows.store.schedules.declared import NOT_DECLARED, write_declared
from pgworkflows.testing import move_clock, run_workflows

pytestmark = pytest.mark.django_db

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
met = []


@step
def note(number: int) -> None:
    met.append((number, current_workflow().scheduled_for))


@pytest.fixture(autouse=True)
def forget_what_was_met(pgworkflows):
    met.clear()


def declare(**options) -> Schedule:
    """Declare a schedule of a workflow that ends, and write it."""

    @workflow(name="tests.ends")
    def ends(number: int = 7) -> None:
        note(number)

    @workflow(name="tests.lasts")
    def lasts(number: int = 7) -> None:
        sleep(timedelta(days=400))

    options = {"workflow": ends, "every": HOUR, "starts_at": timezone.now().replace(microsecond=0) + MINUTE} | options
    schedule("hourly", **options)
    write_declared()
    return Schedule.objects.get(name="hourly")


def begun() -> list[datetime]:
    return list(Workflow.objects.filter(schedule__isnull=False).order_by("scheduled_for").values_list("scheduled_for", flat=True))


def left_out(hourly: Schedule) -> list[str]:
    return [row.note for row in History.objects.of_schedule(hourly.pk).filter(event="skip").order_by("id")]


def test_a_time_begins_one_run_that_knows_it():
    hourly = declare(kwargs={"number": 8})
    assert firing.fire_due() == 0
    move_clock(MINUTE)
    assert firing.fire_due() == 1
    assert firing.fire_due() == 0
    run_workflows()
    assert met == [(8, hourly.next_at)]
    run = Workflow.objects.get()
    assert (run.schedule, run.status, run.key) == (hourly.pk, "COMPLETED", f"hourly {hourly.next_at.isoformat()}")
    hourly.refresh_from_db()
    assert hourly.next_at == run.scheduled_for + HOUR
    assert not History.objects.of_schedule(hourly.pk).exclude(event="configure").exists()


def test_of_what_was_missed_the_last_begins():
    hourly = declare()
    move_clock(timedelta(hours=5))
    firing.fire_due()
    assert begun() == [hourly.next_at + 4 * HOUR]
    assert left_out(hourly) == ["missed, only the last begins"]
    skipped = History.objects.get(event="skip").data
    assert (skipped["name"], skipped["from"]) == ("hourly", hourly.next_at.isoformat())
    assert skipped["to"] == (hourly.next_at + 3 * HOUR).isoformat()


def test_all_that_was_missed_begins_within_catch_up():
    hourly = declare(missed="all", overlap="allow", catch_up=timedelta(hours=3))
    move_clock(timedelta(hours=7))
    firing.fire_due()
    assert begun() == [hourly.next_at + n * HOUR for n in (4, 5, 6)]
    assert left_out(hourly) == ["missed, longer ago than catch_up"]


def test_a_worker_that_was_away_longer_than_catch_up_begins_the_next_one():
    hourly = declare(catch_up=MINUTE)
    move_clock(timedelta(minutes=50))
    firing.fire_due()
    assert begun() == []
    assert left_out(hourly) == ["missed, longer ago than catch_up"]
    move_clock(timedelta(minutes=11, seconds=10))
    firing.fire_due()
    assert begun() == [hourly.next_at + HOUR]


def hours(count: int) -> None:
    for _ in range(count):
        move_clock(HOUR)
        firing.fire_due()


def test_a_time_is_left_out_while_the_last_run_has_not_ended():
    hourly = declare(workflow="tests.lasts")
    hours(3)
    assert begun() == [hourly.next_at]
    assert left_out(hourly) == ["its last run has not ended"] * 2
    Workflow.objects.get().cancel("enough")
    hours(1)
    assert begun() == [hourly.next_at, hourly.next_at + 3 * HOUR]


def test_one_waits_for_the_end_of_the_last_run():
    hourly = declare(workflow="tests.lasts", overlap="queue_one")
    hours(4)
    assert begun() == [hourly.next_at]
    assert left_out(hourly) == ["another time waits already"] * 2
    Workflow.objects.get().cancel("enough")
    move_clock(timedelta(seconds=6))
    firing.fire_due()
    assert begun() == [hourly.next_at, hourly.next_at + HOUR]


def test_what_runs_is_cancelled_for_the_next_time():
    declare(workflow="tests.lasts", overlap="cancel_running")
    hours(3)
    run_workflows()
    assert [run.status for run in Workflow.objects.order_by("scheduled_for")] == ["CANCELLED", "CANCELLED", "WAITING"]


def test_runs_may_overlap():
    hourly = declare(workflow="tests.lasts", overlap="allow")
    hours(3)
    assert len(begun()) == 3
    assert left_out(hourly) == []


def test_a_clock_that_is_set_back_and_forth_begins_nothing_twice():
    hourly = declare(overlap="allow")
    for by in (HOUR, -HOUR, HOUR, HOUR, -HOUR, HOUR, HOUR):
        move_clock(by)
        firing.fire_due()
        Schedule.objects.update(due_at=timezone.now(), next_at=hourly.next_at)  # and its record is lost each time
        firing.fire_due()
    times = begun()
    assert times == sorted(set(times))
    assert (times[0], times[-1]) == (hourly.next_at, hourly.next_at + 2 * HOUR)


def test_arguments_that_no_longer_fit_are_on_record_and_the_next_time_comes():
    hourly = declare(kwargs={"number": 8})
    Schedule.objects.update(kwargs={"nummer": 8})
    move_clock(MINUTE)
    firing.fire_due()
    assert begun() == []
    assert left_out(hourly) == [
        "cannot be started: TypeError: tests.ends(number: int = 7) -> None: got an unexpected keyword argument 'nummer'."
    ]
    hourly.refresh_from_db()
    assert hourly.next_at > timezone.now()


def test_what_check_refuses_is_not_written():
    schedule("wrong", "tests.nowhere", every=HOUR)
    write_declared()
    assert not Schedule.objects.exists()


def test_one_that_others_know_is_left_to_them():
    declare()
    Schedule.objects.update(workflow="tests.elsewhere")
    move_clock(HOUR)
    assert firing.fire_due() == 0


def test_a_changed_cron_counts_from_now():
    pytest.importorskip("cronsim")
    hourly = declare(cron="0 0 1 1 *", every=None, starts_at=None, tz="Europe/Berlin")
    registry.schedules.clear()
    move_clock(MINUTE)
    hourly = declare(cron="*/5 * * * *", every=None, starts_at=None)
    assert timezone.now() < hourly.next_at <= timezone.now() + timedelta(minutes=5)


def test_what_code_no_longer_declares_is_paused_and_resumed_with_it():
    hourly = declare()
    kept = dict(registry.schedules)
    registry.schedules.clear()
    write_declared()
    hourly.refresh_from_db()
    assert (hourly.paused_at is not None, hourly.pause_reason) == (True, NOT_DECLARED)
    move_clock(timedelta(hours=5))
    assert firing.fire_due() == 0
    registry.schedules.update(kept)
    write_declared()
    hourly.refresh_from_db()
    assert (hourly.paused_at, hourly.next_at > timezone.now()) == (None, True)
    events = History.objects.of_schedule(hourly.pk).order_by("id").values_list("event", "note")
    assert list(events) == [("configure", "declared in code"), ("pause", NOT_DECLARED), ("resume", "declared in code")]


def test_what_people_have_changed_stays_until_they_reset_it():
    hourly = declare()
    hourly.every = timedelta(hours=2)
    verbs.configure(hourly, "too often", by="ann")
    write_declared()
    hourly.refresh_from_db()
    assert (hourly.every, hourly.overridden, hourly.differs_from_code) == (timedelta(hours=2), True, ["every"])
    verbs.reset(hourly, "as it was", by="ann")
    hourly.refresh_from_db()
    assert (hourly.every, hourly.overridden) == (HOUR, False)
    told = History.objects.of_schedule(hourly.pk).filter(actor="ann").order_by("id")
    assert [(row.event, row.note, row.data["changed"]["every"]) for row in told] == [
        ("configure", "too often", ["01:00:00", "02:00:00"]),
        ("configure", "as it was", ["02:00:00", "01:00:00"]),
    ]


def test_pausing_and_resuming():
    hourly = declare()
    verbs.pause(hourly, "stocktaking", by="ann")
    move_clock(timedelta(hours=5))
    assert firing.fire_due() == 0
    verbs.resume(hourly, "done", by="ann")
    assert firing.fire_due() == 0
    hours(1)
    assert len(begun()) == 1
    told = History.objects.of_schedule(hourly.pk).filter(actor="ann").order_by("id")
    assert [(row.event, row.note) for row in told] == [("pause", "stocktaking"), ("resume", "done")]


def test_backfill_begins_what_has_not_begun_and_again_begins_all():
    hourly = declare(starts_at=datetime(2026, 1, 1, tzinfo=UTC))
    move_clock(HOUR)
    firing.fire_due()
    [done] = begun()
    filled = verbs.backfill(hourly, done - 3 * HOUR, done, again=False, by="ann")
    assert [run.scheduled_for for run in filled] == [done - 3 * HOUR, done - 2 * HOUR, done - HOUR]
    assert verbs.backfill(hourly, done - 3 * HOUR, done, again=False, by=None) == []
    assert len(verbs.backfill(hourly, done - 3 * HOUR, done, again=True, by=None)) == 4


def test_triggering_starts_it_now_whatever_runs():
    hourly = declare(workflow="tests.lasts")
    runs = [verbs.trigger(hourly, by="ann"), verbs.trigger(hourly, by="ann")]
    assert [(run.schedule, run.requested_by_name) for run in runs] == [(hourly.pk, "ann")] * 2


def in_another_thread(work) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_begin_a_time_once():
    declare()
    move_clock(HOUR)
    seen = []
    with transaction.atomic():
        assert firing.fire_some() == 1
        in_another_thread(lambda: seen.append(firing.fire_some())).join()
        assert seen == [0]  # it has not waited for us
    assert firing.fire_some() == 0
    assert len(begun()) == 1


@pytest.mark.django_db(transaction=True)
def test_who_fills_in_just_now_and_who_fires_begin_a_time_once(watch):
    hourly = declare()
    move_clock(timedelta(hours=1, minutes=30))
    with transaction.atomic():
        assert len(verbs.backfill(hourly, hourly.next_at, hourly.next_at + HOUR, again=False, by=None)) == 2
        firing_too = in_another_thread(firing.fire_some)
        watch("EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')")
    firing_too.join()
    assert begun() == [hourly.next_at, hourly.next_at + HOUR]


KILLED = """
import os, django; django.setup()
from pgworkflows.store import starting
from pgworkflows.store.schedules import firing
start = starting.start_planned
starting.start_planned = lambda *given: (start(*given), os.kill(os.getpid(), 9))
firing.fire_some()
"""


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_between_start_and_record_leaves_the_time_to_another(fleet):
    now = timezone.now()
    Schedule.objects.create(name="hourly", workflow="ledger.quick", kwargs={"name": "once"}, every=HOUR, next_at=now, due_at=now)
    assert fleet._start("-c", KILLED).wait() == -9
    assert begun() == []
    assert firing.fire_some() == 1
    assert begun() == [now]


def test_five_thousand_that_are_due_at_once_begin_once_each():
    hourly = declare(jitter=1)
    now = timezone.now()
    Schedule.objects.bulk_create(
        Schedule(name=f"number {n}", workflow="tests.ends", every=HOUR, next_at=now, due_at=now) for n in range(5000)
    )
    while firing.fire_some():
        pass
    assert Workflow.objects.exclude(schedule=hourly.pk).values("schedule", "key").distinct().count() == 5000
    assert Workflow.objects.exclude(schedule=hourly.pk).count() == 5000

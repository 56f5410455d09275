"""Schedules over REST."""

import pytest

from pgworkflows import schedule, workflow
from pgworkflows.models import History, Schedule, Workflow
from pgworkflows.store.schedules.declared import write_declared
from tests.api.conftest import API, problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def hourly():
    @workflow(name="tests.close")
    def close(password: str = "") -> None: ...

    schedule("hourly", close, every=3600, kwargs={"password": "s3sam"})
    write_declared()
    return Schedule.objects.get()


def test_it_is_seen_and_started_by_who_may(hourly, person):
    may = API(person("tom", "view_schedule", "trigger_schedule"))
    shown = may.read("schedule", hourly.pk).json()
    assert may.read("schedules").json()["results"] == [shown]
    assert (shown["name"], shown["every"], shown["left_out"], "kwargs" in shown) == ("hourly", 3600.0, [], False)
    started = may.send("trigger", hourly.pk)
    run = Workflow.objects.get()
    assert (started.status_code, started.json()["id"], run.schedule) == (201, str(run.pk), hourly.pk)
    assert run.requested_by.username == "tom"
    Schedule.objects.update(kwargs={"place": 1})
    problem(may.send("trigger", hourly.pk), 422, "unprocessable")


def test_it_is_paused_and_resumed_with_a_reason(hourly, person):
    may = API(person("tom", "view_schedule", "change_schedule"))
    problem(may.send("pause-schedule", hourly.pk), 400, "invalid")
    assert may.send("pause-schedule", hourly.pk, body={"reason": "stocktaking"}).json()["pause_reason"] == "stocktaking"
    assert may.send("resume-schedule", hourly.pk).json()["paused_at"] is None
    told = History.objects.of_schedule(hourly.pk).filter(channel="api").order_by("id")
    assert list(told.values_list("event", "actor", "note")) == [("pause", "tom", "stocktaking"), ("resume", "tom", "")]


def test_nobody_else_sees_or_changes_it(hourly, person):
    nobody, blind = API(person("tom")), API(person("eve", "change_schedule", "trigger_schedule"))
    assert nobody.read("schedules").json()["results"] == []
    problem(nobody.read("schedule", hourly.pk), 404, "not-found")
    problem(blind.send("trigger", hourly.pk), 404, "not-found")
    problem(blind.send("pause-schedule", hourly.pk, body={"reason": "x"}), 404, "not-found")

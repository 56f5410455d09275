"""Schedules in the admin: made after a look at the next ten times, changed with a reason, started, paused and reset."""

from datetime import UTC, datetime, timedelta

import pytest

from pgworkflows import schedule, workflow
from pgworkflows.models import History, Schedule, Workflow
from pgworkflows.store.schedules.declared import write_declared

pytestmark = pytest.mark.django_db
URL = "/admin/pgworkflows/schedule/"
RIGHTS = ("view_schedule", "add_schedule", "change_schedule", "start_workflow", "trigger_schedule")


@pytest.fixture(autouse=True)
def definitions():
    @workflow(name="tests.close", api=True)
    def close(branch: str = "all", password: str = "", day: int = 0) -> None: ...

    @workflow(name="tests.hidden")
    def hidden() -> None: ...


@pytest.fixture
def hourly():
    schedule("hourly", "tests.close", every=3600, kwargs={"password": "s3sam"}, catch_up=timedelta(hours=5))
    write_declared()
    return Schedule.objects.get()


def filled_in(**changes) -> dict[str, str]:
    return {
        "name": "nightly", "workflow": "tests.close", "kwargs": '{"branch": "Berlin"}', "cron": "", "tz": "Asia/Kathmandu",
        "every": "1 00:00:00", "offset": "2:00:00", "jitter": "0", "overlap": "skip", "missed": "last", "catch_up": "1 00:00:00",
        "queue": "", "priority": "", "reason": "agreed",
    } | changes  # fmt: skip


def errors(answer) -> str:
    form = answer.context["adminform"].form
    return " ".join(text for texts in form.errors.values() for text in texts)


def test_the_next_ten_times_are_shown_before_it_is_saved(staff):
    browser = staff(*RIGHTS)
    shown = browser.post(URL + "add/", filled_in())
    assert len(shown.context["upcoming"]) == 10
    assert shown.context["upcoming"][0].endswith(" 07:45:00 +0545")
    assert not Schedule.objects.exists()
    browser.post(URL + "add/", dict(shown.context["given"]) | {"_confirmed": "Save"})
    made = Schedule.objects.get()
    assert (made.kwargs, made.format, made.edited_by_name, made.next_at.hour) == ({"branch": "Berlin"}, 0, "ada", 2)
    told = History.objects.of_schedule(made.pk).get()
    assert (told.event, told.actor, told.channel, told.note) == ("configure", "ada", "admin", "agreed")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"every": "0 00:00:00"}, "every= must be a second or more, not 0:00:00."),
        ({"tz": "Mars", "every": "", "offset": "0", "cron": "0 2 * * *"}, "no time zone 'Mars' is known."),
        ({"workflow": "tests.hidden"}, "Select a valid choice. tests.hidden is not one of the available choices."),
        ({"kwargs": '{"place": 1}'}, "got an unexpected keyword argument 'place'."),
        ({"kwargs": '{"day": "x"}'}, "argument 'day' cannot be read as <class 'int'>"),
        ({"reason": ""}, "This field is required."),
    ],
)
def test_what_could_start_nothing_is_not_saved(staff, changes, message):
    assert message in errors(staff(*RIGHTS).post(URL + "add/", filled_in(**changes) | {"_confirmed": "1"}))
    assert not Schedule.objects.exists()


def test_what_code_says_is_overridden_and_reset(staff, hourly):
    browser, page = staff(*RIGHTS), f"{URL}{hourly.pk}/change/"
    assert "s3sam" not in browser.get(page).content.decode()
    initial = browser.get(page).context["adminform"].form.initial
    given = filled_in(every="2:00:00", offset="0", tz=hourly.tz, kwargs=initial["kwargs"], _confirmed="1")
    browser.post(page, given)
    hourly.refresh_from_db()
    assert (hourly.every, hourly.kwargs) == (timedelta(hours=2), {"password": "s3sam"})
    assert sorted(hourly.differs_from_code) == ["catch_up", "every"]
    assert "code says another" in browser.get(page).content.decode()
    browser.post(f"{URL}{hourly.pk}/reset/", {"reason": "as it was"})
    hourly.refresh_from_db()
    assert (hourly.every, hourly.overridden) == (timedelta(hours=1), False)


def test_it_is_started_paused_and_resumed_by_who_may(staff, hourly):
    browser = staff("view_schedule", "trigger_schedule", "change_schedule")
    browser.post(f"{URL}{hourly.pk}/trigger/")
    assert Workflow.objects.get().schedule == hourly.pk
    assert "This field is required." in browser.post(f"{URL}{hourly.pk}/pause/", {"reason": ""}).content.decode()
    browser.post(f"{URL}{hourly.pk}/pause/", {"reason": "stocktaking"})
    assert "paused: stocktaking" in browser.get(URL).content.decode()
    browser.post(f"{URL}{hourly.pk}/resume/", {"reason": "done"})
    events = History.objects.of_schedule(hourly.pk).filter(channel="admin").order_by("id")
    assert list(events.values_list("event", "actor", "note")) == [("pause", "ada", "stocktaking"), ("resume", "ada", "done")]


def test_the_page_shows_runs_what_was_left_out_and_that_no_worker_knows_it(staff, hourly):
    skip = {"reason": "its last run has not ended", "from": "2026-01-01", "to": "2026-01-02"}
    Schedule.objects.update(last_skips=[skip])
    Workflow.objects.create(name="tests.close", created_at=datetime.now(UTC), schedule=hourly.pk, scheduled_for=hourly.next_at)
    text = staff("view_schedule").get(f"{URL}{hourly.pk}/change/").content.decode()
    assert "2026-01-01 to 2026-01-02: its last run has not ended" in text
    assert "no live worker knows its workflow" in text
    assert "pgw-busy" in text


@pytest.mark.parametrize("deed", ["trigger", "pause", "resume", "reset"])
def test_who_may_only_look_changes_nothing(staff, hourly, deed):
    browser = staff("view_schedule")
    assert browser.post(f"{URL}{hourly.pk}/{deed}/", {"reason": "please"}).status_code == 403
    assert browser.post(f"{URL}{hourly.pk}/change/", filled_in()).status_code == 403
    assert browser.post(URL + "add/", filled_in()).status_code == 403
    assert staff("add_schedule", name="eve").post(URL + "add/", filled_in()).status_code == 403
